package control_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// publisher is a publisher that does what it is told.
type publisher func() ([]channels.Result, error)

func (p publisher) Publish(context.Context, ...channels.Item) ([]channels.Result, error) { return p() }

// failing replaces the publisher and shows what is logged from level on.
func failing(p publisher, level zapcore.Level) (edit func(*control.Options), logs *observer.ObservedLogs) {
	core, logs := observer.New(level)
	in := intake.New(intake.Options{Publisher: intake.ToHub(p, wire.Options{}), Metrics: intake.NewMetrics(prometheus.NewRegistry())})
	return func(o *control.Options) { o.Intake, o.Log = in, zap.New(core) }, logs
}

func TestPublisherErrorsHaveTheirStatus(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		answer string
		logged int // lines at Error
	}{
		{"closed", fmt.Errorf("bus: %w", channels.ErrClosed), 503, "Shutting down.\n", 0},
		{"a bad name", fmt.Errorf("bus: %w", channels.CheckName("")), 400, "Invalid format: channel name \"\": is empty\n", 0},
		{"given up", context.Canceled, 400, "The request was given up.\n", 0},
		{"anything else", errors.New("disk full at /secret"), 500, "Internal error.\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			edit, logs := failing(func() ([]channels.Result, error) { return nil, tt.err }, zap.WarnLevel)
			post(batch(streamItem("c", "x")), tt.status, tt.answer).check(t, newEnv(t, edit))
			if logs.Len() != tt.logged {
				t.Errorf("logged %v", logs.All())
			}
		})
	}
}

func TestPanicIsLoggedAndCutsTheConnection(t *testing.T) {
	edit, logs := failing(func() ([]channels.Result, error) { panic("broken") }, zap.ErrorLevel)
	e := newEnv(t, edit)
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("panics with %v", v)
		}
		if logs.FilterMessage("control handler panicked").Len() != 1 {
			t.Errorf("logged %v", logs.All())
		}
	}()
	post(batch(streamItem("c", "x")), 0, "").do(e)
}
