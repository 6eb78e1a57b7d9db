package embedded_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

// TestWhatTheServerRepeatsIsLoggedOnceAMinute, whatever number it puts into it.
func TestWhatTheServerRepeatsIsLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		l := embedded.NewLogger(zap.New(core))
		for i := range 100 {
			l.Errorf(fmt.Sprintf("10.0.0.%d - cid:%d - %%s", i, i), "authentication error")
		}
		l.Warnf("disk is slow")
		time.Sleep(time.Minute)
		l.Errorf("10.0.0.7 - cid:200 - authentication error")

		want := []struct {
			level    zapcore.Level
			says     string
			heldBack int64
		}{
			{zap.ErrorLevel, "10.0.0.0 - cid:0 - authentication error", 0},
			{zap.WarnLevel, "disk is slow", 99},
			{zap.ErrorLevel, "10.0.0.7 - cid:200 - authentication error", 0},
		}
		if logs.Len() != len(want) {
			t.Fatalf("%d lines", logs.Len())
		}
		for i, entry := range logs.All() {
			fields := entry.ContextMap()
			if entry.Level != want[i].level || fields["says"] != want[i].says || fields["held_back"] != want[i].heldBack {
				t.Errorf("line %d: %v %v", i, entry.Level, fields)
			}
		}
	})
}

// TestWhatClientsMakeUpDoesNotFillTheLog, though no line is like another.
func TestWhatClientsMakeUpDoesNotFillTheLog(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	l := embedded.NewLogger(zap.New(core))
	user := ""
	for range 1000 {
		user += "x"
		l.Errorf("user %s", user)
	}
	if logs.Len() > 200 {
		t.Errorf("%d lines", logs.Len())
	}
}

func TestChatterIsForDebugging(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	l := embedded.NewLogger(zap.New(core))
	l.Noticef("Server is ready")
	l.Warnf("Plaintext passwords detected, use nkeys or bcrypt")
	l.Debugf("never")
	l.Tracef("never")
	for _, entry := range logs.All() {
		if entry.Level != zap.DebugLevel {
			t.Errorf("%v: %v", entry.Level, entry.ContextMap())
		}
	}
	if logs.Len() != 2 {
		t.Errorf("%d lines", logs.Len())
	}
}
