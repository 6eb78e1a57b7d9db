package bench

import (
	"context"
	"encoding/json"
	"errors"
	"io"
)

// A call is one line to a client process. The answer to each is one line.
type call struct {
	Do        string `json:"do"`
	Job       *job   `json:"job,omitempty"`       // to open
	Published []int  `json:"published,omitempty"` // to await
}

// The calls.
const (
	callOpen    = "open"
	callAwait   = "await"
	callRelease = "release"
	callFinish  = "finish"
)

// answer is one line of a client process.
type answer struct {
	Error  string `json:"error,omitempty"`
	Opened int    `json:"opened,omitempty"`
	Part   *part  `json:"part,omitempty"`
}

// ServeClient is the main loop of a client process: it does what it is told on
// in and answers on out, until in ends or it was told to finish. The process that
// measures starts it and is the only one to talk to it.
func ServeClient(ctx context.Context, in io.Reader, out io.Writer) error {
	calls, answers := json.NewDecoder(in), json.NewEncoder(out)
	var w worker
	defer w.close()
	for {
		var c call
		if err := calls.Decode(&c); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if err := answers.Encode(w.do(ctx, c)); err != nil {
			return err
		}
	}
}

// worker is a client process.
type worker struct{ fleet *fleet }

func (w *worker) close() {
	if w.fleet != nil {
		w.fleet.close()
	}
}

func (w *worker) do(ctx context.Context, c call) (a answer) {
	var err error
	switch {
	case c.Do == callOpen && c.Job != nil:
		w.fleet = newFleet(*c.Job)
		err = w.fleet.open(ctx)
		a.Opened = w.fleet.opened()
	case w.fleet == nil:
		err = errors.New("nothing was opened")
	case c.Do == callAwait:
		err = w.fleet.await(ctx, c.Published)
	case c.Do == callRelease:
		err = w.fleet.release(ctx)
	case c.Do == callFinish:
		a.Part, err = w.fleet.finish()
	default:
		err = errors.New("unknown call")
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}
