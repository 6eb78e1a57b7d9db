package compare

import (
	"encoding/json"
	"io"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// A Document is everything that came of a comparison.
type Document struct {
	Taken   time.Time `json:"taken"`
	Minutes float64   `json:"minutes"` // it took
	Command string    `json:"command"` // that made it
	Machine Machine   `json:"machine"`
	Cores   int       `json:"cores"` // that each server had
	Servers []Server  `json:"servers"`
	Cases   []Outcome `json:"cases"`
}

// A Server is one that was measured, or would have been.
type Server struct {
	Name    string `json:"name"`
	What    string `json:"what"`
	Note    string `json:"note,omitempty"`
	Origin  bool   `json:"origin"` // its streams are held on the word of an origin
	Version string `json:"version,omitempty"`
	Missing string `json:"missing,omitempty"` // why it was not measured
	Config  string `json:"config,omitempty"`  // of its first process
}

// An Outcome is what came of a case.
type Outcome struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	About   string   `json:"about"`
	Command string   `json:"command"` // the same load with holdfast bench
	Rounds  int      `json:"rounds"`
	Floor   string   `json:"floor"` // the server that ratios start from
	Columns []Column `json:"columns"`
	Ratios  []string `json:"ratios,omitempty"`  // figures to compare with the floor's; none: the first column's, if less is better
	Targets []Target `json:"targets,omitempty"` // for Holdfast
	Rows    []Row    `json:"rows"`
}

// A Column is a figure that the page shows of a case.
type Column struct {
	Figure string `json:"figure"` // as bench calls it
	Title  string `json:"title"`
	Better Better `json:"better,omitempty"`
}

// Better says which of two values is the better one.
type Better string

// The directions. A figure without one is told and not judged.
const (
	Less Better = "less"
	More Better = "more"
)

// A Row is what came of a case with one server.
type Row struct {
	Server  string         `json:"server"`
	Figures []bench.Series `json:"figures,omitempty"`
	Failed  string         `json:"failed,omitempty"` // why there is nothing
}

// series returns a figure; false if there is none.
func (r Row) series(figure string) (bench.Series, bool) {
	for _, s := range r.Figures {
		if s.Name == figure {
			return s, true
		}
	}
	return bench.Series{}, false
}

// Write writes the document as JSON.
func (d *Document) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}

// Read reads what Write has written.
func Read(r io.Reader) (*Document, error) {
	d := new(Document)
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	return d, dec.Decode(d)
}
