package clienttest

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// programs is where the published clients and what uses them are.
const programs = "testdata/clients"

// lines reads what a program prints, a line of JSON each.
type lines struct {
	t *testing.T
	*bufio.Scanner
}

// start runs a program of Node.js in the folder of the clients until t ends.
func start(t *testing.T, program *exec.Cmd) lines {
	t.Helper()
	program.Dir, program.Stderr = programs, t.Output()
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		program.Process.Kill()
		program.Wait()
	})
	return lines{t, bufio.NewScanner(out)}
}

// next decodes the next line into v.
func (l lines) next(v any) {
	l.t.Helper()
	if !l.Scan() {
		l.t.Fatalf("the program has ended: %v", l.Err())
	}
	if err := json.Unmarshal(l.Bytes(), v); err != nil {
		l.t.Fatalf("%v: %s", err, l.Bytes())
	}
}

// needClients skips t where what it needs is not installed.
func needClients(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("skipped: Node.js is not installed")
	}
	if _, err := os.Stat(filepath.Join(programs, "node_modules")); err != nil {
		t.Skip("skipped: the published clients are not installed; `make clients` does it")
	}
}
