package intake_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func newIntake(p channels.Publisher) *intake.Intake {
	return intake.New(intake.Options{Publisher: intake.ToHub(p, wire.Options{}), Metrics: intake.NewMetrics(prometheus.NewRegistry())})
}

// places hides the positions in an answer, which are different in every run.
var places = regexp.MustCompile(`"position":"[^"]+"`)

func TestPayloadsAreAnswered(t *testing.T) {
	event := func(name, id, data string) func(context.Context, *intake.Intake) (intake.Receipt, error) {
		return func(ctx context.Context, in *intake.Intake) (intake.Receipt, error) {
			return in.Event(ctx, intake.Event{Channel: "c", Name: name, ID: id, Data: []byte(data)})
		}
	}
	item := func(channel, payload string) func(context.Context, *intake.Intake) (intake.Receipt, error) {
		return func(ctx context.Context, in *intake.Intake) (intake.Receipt, error) {
			return in.Item(ctx, channel, []byte(payload))
		}
	}
	const taken = `{"message":"Published","items":[{"status":"appended",POSITION,"subscribers":0}]}`
	tests := []struct {
		name    string
		publish func(context.Context, *intake.Intake) (intake.Receipt, error)
		status  int
		answer  string
	}{
		{"an event", event("e", "1", "x"), 200, taken},
		{"an event with a line break in its name", event("a\nb", "", "x"), 400, `{"message":"Invalid format: event name contains '\\n'"}`},
		{"an event with a name that is not UTF-8", event("\xff", "", "x"), 400, `{"message":"The event's name or id is not valid UTF-8, as event streams are."}`},
		{"an event with an id that is not UTF-8", event("", "\xff", "x"), 400, `{"message":"The event's name or id is not valid UTF-8, as event streams are."}`},
		{"an event with data that is not UTF-8", event("", "", "\xff"), 400, `{"message":"The body is not valid UTF-8, as event streams are."}`},
		{"an item", item("c", `{"formats":{"sse":{"data":"x"}}}`), 200, taken},
		{"an item for another channel", item("<c>", `{"channel":"d","formats":{"sse":{"data":"x"}}}`), 400, `{"message":"Invalid format: publish item object is sent to channel \"<c>\" and names another"}`},
		{"an item for no channel", item("", `{}`), 400, `{"message":"Invalid format: channel name \"\": is empty"}`},
		{"an item that is not JSON", item("c", `x`), 400, `{"message":"Body is not valid JSON."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hub := channels.NewHub(channels.DefaultOptions())
			defer hub.Close()
			status, body := intake.Answer(tt.publish(t.Context(), newIntake(hub)))
			got := places.ReplaceAllString(string(body), "POSITION")
			if status != tt.status || got != tt.answer+"\n" {
				t.Errorf("got %d %s, want %d %s", status, got, tt.status, tt.answer)
			}
			if n := hub.Stats().Published; (n == 1) != (status == 200) {
				t.Errorf("%d items published", n)
			}
		})
	}
}

// refusing is a publisher that takes nothing.
type refusing struct{ err error }

func (r refusing) Publish(context.Context, ...channels.Item) ([]channels.Result, error) {
	return nil, r.err
}

func TestErrorsOfThePublisherAreAnswered(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		status  int
		message string
	}{
		{"closed", fmt.Errorf("bus: %w", channels.ErrClosed), 503, "Shutting down."},
		{"a bad name", fmt.Errorf("bus: %w", channels.CheckName("")), 400, `Invalid format: channel name "": is empty`},
		{"what nobody need know", errors.New("disk full at /secret"), 500, "Internal error."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newIntake(refusing{tt.err}).Event(t.Context(), intake.Event{Channel: "c"})
			if status, message := intake.Problem(err); status != tt.status || message != tt.message {
				t.Errorf("got %d %q", status, message)
			}
		})
	}
}
