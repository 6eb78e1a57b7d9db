package compare

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

var update = flag.Bool("update", false, "write testdata/page.md anew")

func series(name string, unit bench.Unit, values ...float64) bench.Series {
	return bench.NewSeries(name, unit, values)
}

// document has everything that a page can show.
func document() *Document {
	const cpu, rate = "CPU per delivery", "delivery rate"
	return &Document{
		Taken: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Minutes: 12.3, Command: "holdfast bench peers", Cores: 1,
		Machine: Machine{CPU: "Z80", Cores: 2, Memory: "1 GiB", System: "linux 6", Go: "go1.26", Files: "20000", LoadBefore: "0.10", LoadAfter: "1.90"},
		Servers: []Server{
			{Name: us, What: "this program", Version: "1.0", Origin: true, Config: "holdfast serve\n"},
			{Name: "other", What: "another", Note: "It is different.", Version: "2.0", Config: "other.conf"},
			{Name: "third", What: "a third", Missing: "not found\nnot | there"},
			{Name: plainFloor, What: "the least", Version: "-"},
		},
		Cases: []Outcome{
			{
				Name: "broadcast", Title: "Broadcast", About: "Many streams.", Command: "holdfast bench broadcast", Rounds: 3, Floor: plainFloor,
				Columns: []Column{{cpu, "CPU", Less}, {rate, "deliveries", More}, missing(), {"nothing", "unknown", Less}},
				Ratios:  []string{cpu, rate},
				Targets: []Target{
					atMost(cpu, 11), atMost("missing", 0), atMost("missing", 3), atMost("nothing", 1),
					atMostOf("other", 1.1, cpu), atMostOf("third", 1.1, cpu),
					{Figure: cpu, Server: plainFloor, Times: 1, Plus: 7, Better: Less},
					{Figure: rate, Server: plainFloor, Times: 1, Better: More},
				},
				Rows: []Row{
					{Server: us, Figures: []bench.Series{series(cpu, bench.Micros, 10, 12, 11), series(rate, bench.PerSec, 900, 1000, 1100), series("missing", "", 0, 0, 3)}},
					{Server: "other", Figures: []bench.Series{series(cpu, bench.Micros, 9, 10, 9), series(rate, bench.PerSec, 1000, 990, 1300), series("missing", "", 0, 0, 0)}},
					{Server: plainFloor, Figures: []bench.Series{series(cpu, bench.Micros, 5, 6, 5), series(rate, bench.PerSec, 2000, 2000, 2000), series("missing", "", 0, 0, 0)}},
				},
			},
			{
				Name: "replay", Title: "Replay", About: "Streams come back.", Command: "holdfast bench replay", Rounds: 1, Floor: plainFloor,
				Columns: []Column{{cpu, "CPU", Less}},
				Targets: []Target{{Figure: cpu, Case: "broadcast", Times: 0.1, Better: Less}, {Figure: cpu, Case: "absent", Times: 1, Better: Less}},
				Rows: []Row{
					{Server: us, Figures: []bench.Series{series(cpu, bench.Micros, 1)}},
					{Server: "other", Failed: "it fell over\nbadly"},
				},
			},
		},
	}
}

func TestAPageShowsTheDocument(t *testing.T) {
	var page bytes.Buffer
	if err := document().WritePage(&page); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/page.md"
	if *update {
		if err := os.WriteFile(golden, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page.String()); diff != "" {
		t.Errorf("look at it and run go test ./internal/bench/compare -update\n%s", diff)
	}
}

func TestADocumentIsReadAsItWasWritten(t *testing.T) {
	var text bytes.Buffer
	if err := document().Write(&text); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&text)
	if diff := cmp.Diff(document(), got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := Read(bytes.NewReader([]byte(`{"other": 1}`))); err == nil {
		t.Error("an unknown field is no error")
	}
}

func TestThePagesInDocsAreThoseOfTheirDocuments(t *testing.T) {
	documents, err := filepath.Glob("../../../docs/benchmarks*.json")
	if err != nil || len(documents) == 0 {
		t.Fatal(documents, err)
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := Read(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		if err := doc.WritePage(&page); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(document, "json") + "md")
		if diff := cmp.Diff(string(want), page.String()); err != nil || diff != "" {
			t.Errorf("%s: make its page with holdfast bench page: %v\n%s", document, err, diff)
		}
	}
}

func TestALossIsWhatIsWorseInEveryRoundOrByATwentieth(t *testing.T) {
	row := func(values ...float64) Row { return Row{Figures: []bench.Series{series("x", "", values...)}} }
	tests := map[string]struct {
		better       Better
		ours, theirs Row
		worse, clear bool
	}{
		"less in every round":              {Less, row(2, 2), row(1, 1), true, true},
		"a little in every round":          {Less, row(1.01, 1.01), row(1, 1), true, true},
		"a little in most rounds":          {Less, row(1.02, 1.02, 0.9), row(1, 1, 1), false, false},
		"much in most rounds":              {Less, row(2, 2, 0.9), row(1, 1, 1), true, false},
		"better":                           {Less, row(1, 1), row(2, 2), false, false},
		"more is better, and we have less": {More, row(1, 1), row(2, 2), true, true},
		"more is better, and we have more": {More, row(2, 2), row(1, 1), false, false},
		"they have none of what is bad":    {Less, row(3, 3), row(0, 0), true, false},
		"nobody has any":                   {Less, row(0, 0), row(0, 0), false, false},
		"it is not judged":                 {"", row(2, 2), row(1, 1), false, false},
		"they have no such figure":         {Less, row(2, 2), Row{}, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, worse := loss("", Column{"x", "x", tt.better}, tt.ours, tt.theirs)
			if worse != tt.worse || f.clear != tt.clear {
				t.Errorf("worse %v, clear %v, want %v, %v: %+v", worse, f.clear, tt.worse, tt.clear, f)
			}
		})
	}
}
