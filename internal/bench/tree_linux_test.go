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

func TestTheLongestQueueIsFoundByThePort(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:D431 01 00000010:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:1F90 0100007F:D432 01 0000A000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   3: 0100007F:D432 0100007F:1F90 01 0000FFFF:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
`
	if got := longestIn(table, 8080); got != 0xA000 {
		t.Errorf("%#x, want 0xa000", got)
	}
	if got := longestIn(table, 80); got != 0 {
		t.Errorf("%d for a port that nobody has", got)
	}
}
