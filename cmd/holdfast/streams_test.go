package main

import (
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestMaxStreamsFollowsTheLimitOnOpenFiles(t *testing.T) {
	tests := []struct{ configured, files, want int }{
		{7, 1024, 7},
		{7, 0, 7},
		{100_000, 1024, 100_000}, // on HTTP/2
		{0, 0, 0},
		{0, 20, 1},
		{0, 1024, 896},
		{0, 200_000, 175_000},
	}
	for _, tt := range tests {
		if got := maxStreams(tt.configured, tt.files); got != tt.want {
			t.Errorf("configured %d, %d files: got %d, want %d", tt.configured, tt.files, got, tt.want)
		}
	}
	for streams := range 5000 {
		if got := maxStreams(0, filesFor(streams)); got < streams {
			t.Fatalf("%d files allow %d streams, want %d", filesFor(streams), got, streams)
		}
	}
}

func TestCapacityIsReportedOnceAndWarnedOfWhenOdd(t *testing.T) {
	tests := []struct {
		name              string
		configured, files int
		warning           string // what it begins with; empty: none
		remedy            string
	}{
		{"enough", 0, 65_536, "", ""},
		{"few", 0, 4096, "few files", "LimitNOFILE"},
		{"few, but enough for what is configured", 500, 1024, "", ""},
		{"more configured than fits", 10_000, 8192, "max_streams is more", "allow 11429 open files"},
		{"not known", 0, 0, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			core, log := observer.New(zap.InfoLevel)
			reportCapacity(tt.configured, tt.files, zap.New(core))
			if n := log.FilterMessage("capacity").Len(); n != min(1, tt.files) {
				t.Errorf("reported %d times", n)
			}
			warnings := log.FilterLevelExact(zap.WarnLevel).All()
			if tt.warning == "" {
				if len(warnings) > 0 {
					t.Errorf("warned: %v", warnings)
				}
				return
			}
			if len(warnings) != 1 || !strings.HasPrefix(warnings[0].Message, tt.warning) ||
				!strings.Contains(warnings[0].ContextMap()["remedy"].(string), tt.remedy) {
				t.Errorf("got %v, want %q and %q", warnings, tt.warning, tt.remedy)
			}
		})
	}
}
