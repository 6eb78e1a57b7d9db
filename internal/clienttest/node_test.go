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

// node runs a program of testdata/clients until t ends. settings are added to
// its environment. It skips t where the clients are not installed.
func node(t *testing.T, settings []string, program string, args ...string) lines {
	t.Helper()
	needClients(t)
	cmd := exec.Command("node", append([]string{program}, args...)...)
	cmd.Dir = programs
	cmd.Env = append(os.Environ(), settings...)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
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
