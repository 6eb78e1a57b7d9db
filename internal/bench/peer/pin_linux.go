package peer

import (
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// startOn starts cmd on the first cores of those that this process may use. A
// process begins on the cores of the thread that starts it.
func startOn(cmd *exec.Cmd, cores int) error {
	runtime.LockOSThread()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	few := first(all, cores)
	if err := unix.SchedSetaffinity(0, &few); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	err := cmd.Start()
	if unix.SchedSetaffinity(0, &all) == nil {
		runtime.UnlockOSThread() // otherwise the thread ends with its goroutine
	}
	return err
}

// first returns the first n cores of a set.
func first(all unix.CPUSet, n int) unix.CPUSet {
	var few unix.CPUSet
	for i := 0; few.Count() < min(n, all.Count()); i++ {
		if all.IsSet(i) {
			few.Set(i)
		}
	}
	return few
}

// endWithParent makes the kernel end cmd when this process ends, however that
// comes about. A terminal's interrupt is not for it: Stop asks it to end.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
