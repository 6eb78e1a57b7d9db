package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/bench/compare"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

func TestAComparisonIsNarrowedByNames(t *testing.T) {
	tests := map[string]struct {
		cases, servers         []string
		wantCases, wantServers []string // nil for all
		err                    string
	}{
		"nothing is named":         {},
		"a case":                   {cases: []string{"idle"}, wantCases: []string{"idle"}},
		"in their own order":       {cases: []string{"idle", "broadcast"}, wantCases: []string{"broadcast", "idle"}},
		"servers in any case":      {servers: []string{"NCHAN", "holdfast"}, wantServers: []string{"Holdfast", "Nchan"}},
		"a case that is not there": {cases: []string{"idle", "walk"}, err: `--case: "walk" is none of broadcast`},
		"a server that is unknown": {servers: []string{"apache"}, err: `--server: "apache" is none of Holdfast`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := compare.Plan{Cases: compare.Cases(), Peers: peer.All("holdfast")}
			err := narrow(&plan, tt.cases, tt.servers)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			var cases, servers []string
			for _, c := range plan.Cases {
				cases = append(cases, c.Name)
			}
			for _, p := range plan.Peers {
				servers = append(servers, p.Name)
			}
			if tt.wantCases != nil && !slices.Equal(cases, tt.wantCases) || tt.wantServers != nil && !slices.Equal(servers, tt.wantServers) {
				t.Errorf("cases %v, servers %v, error %v", cases, servers, err)
			}
			if err != nil || tt.wantCases == nil && len(cases) != len(compare.Cases()) {
				t.Errorf("%d cases, error %v", len(cases), err)
			}
		})
	}
}

func TestAComparisonSaysHowItWasMade(t *testing.T) {
	for want, got := range map[string]string{
		"holdfast bench peers --rounds 5 --cores 1":                                               peersCommandLine(5, 1, nil, nil),
		`holdfast bench peers --rounds 15 --cores 2 --case "idle,connect" --server "floor,nchan"`: peersCommandLine(15, 2, []string{"idle", "connect"}, []string{"floor", "nchan"}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAPageIsMadeOfAFile(t *testing.T) {
	var text bytes.Buffer
	if err := new(compare.Document).Write(&text); err != nil {
		t.Fatal(err)
	}
	good, bad := filepath.Join(t.TempDir(), "good.json"), filepath.Join(t.TempDir(), "bad.json")
	os.WriteFile(good, text.Bytes(), 0o644)
	os.WriteFile(bad, []byte("[]"), 0o644)
	if got := command(t.Context(), "", "bench", "page", good); got.code != exitOK || !strings.HasPrefix(got.stdout, "# Benchmarks\n") {
		t.Errorf("%+v", got)
	}
	for _, file := range []string{bad, "nowhere.json"} {
		if got := command(t.Context(), "", "bench", "page", file); got.code != exitFailure || !strings.Contains(got.stderr, file) {
			t.Errorf("%+v", got)
		}
	}
}

func TestAComparisonNeedsARound(t *testing.T) {
	got := command(t.Context(), "", "bench", "peers", "--rounds", "0")
	if got.code != exitFailure || !strings.Contains(got.stderr, "at least one round") {
		t.Errorf("%+v", got)
	}
}
