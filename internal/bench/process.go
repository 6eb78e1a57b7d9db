package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// process is a client in a process of its own: a run may need more descriptors
// than one process may have.
type process struct {
	job     job
	cmd     *exec.Cmd
	stdin   io.Closer
	calls   *json.Encoder
	answers *json.Decoder
	held    int
}

// startProcess runs a client process, which ends with ctx at the latest.
func startProcess(ctx context.Context, command []string, j job) (*process, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{job: j, cmd: cmd, stdin: in, calls: json.NewEncoder(in), answers: json.NewDecoder(out)}, nil
}

// call does one call. It blocks for as long as the client process takes; the end
// of the process's context ends it.
func (p *process) call(c call) (answer, error) {
	var a answer
	if err := p.calls.Encode(c); err != nil {
		return a, fmt.Errorf("client process: %w", err)
	}
	if err := p.answers.Decode(&a); err != nil {
		return a, fmt.Errorf("client process: %w", err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("client process: %s", a.Error)
	}
	return a, nil
}

func (p *process) open(context.Context) error {
	a, err := p.call(call{Do: callOpen, Job: &p.job})
	p.held = a.Opened
	return err
}

func (p *process) opened() int { return p.held }

func (p *process) await(_ context.Context, published []int) error {
	_, err := p.call(call{Do: callAwait, Published: published})
	return err
}

func (p *process) release(context.Context) error {
	_, err := p.call(call{Do: callRelease})
	return err
}

// finish ends the process and waits for it.
func (p *process) finish() (*part, error) {
	a, err := p.call(call{Do: callFinish})
	p.stdin.Close()
	if waitErr := p.cmd.Wait(); err == nil {
		err = waitErr
	}
	if err == nil && a.Part == nil {
		err = errors.New("client process: no result")
	}
	return a.Part, err
}
