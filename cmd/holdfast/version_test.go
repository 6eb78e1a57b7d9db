package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionNamesTheBuild(t *testing.T) {
	info := &debug.BuildInfo{
		Main:     debug.Module{Version: "v0.1.0"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}},
	}
	tests := []struct {
		name    string
		version string
		info    *debug.BuildInfo
		want    string
	}{
		{"the linker's word comes first", "v1.2.3", info, "holdfast v1.2.3 (commit abc, go"},
		{"then the go command's", "", info, "holdfast v0.1.0 (commit abc, go"},
		{"nothing is known", "", nil, "holdfast unknown (commit unknown, go"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := describe(tt.version, tt.info); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q, want %q...", got, tt.want)
			}
		})
	}
	if got := command(t.Context(), "", "version"); got.code != exitOK || !strings.HasPrefix(got.stdout, "holdfast ") {
		t.Errorf("%+v", got)
	}
}
