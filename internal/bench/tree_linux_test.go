package bench

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

func TestATreeHasChildrenOfChildren(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sleep 60 & echo $!; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 32)
	if _, err := out.Read(line); err != nil {
		t.Fatal(err)
	}
	all, err := Tree([]int{os.Getpid(), os.Getpid()})
	if err != nil || !slices.Contains(all, os.Getpid()) || !slices.Contains(all, cmd.Process.Pid) || len(all) < 3 {
		t.Errorf("%v, %v", all, err)
	}
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("a process is counted twice: %v", all)
	}
	children, err := Tree([]int{cmd.Process.Pid})
	if err != nil {
		t.Error(err)
	}
	for _, pid := range children {
		if p, err := os.FindProcess(pid); err == nil {
			p.Kill()
			p.Release()
		}
	}
	cmd.Wait() // it was killed
}
