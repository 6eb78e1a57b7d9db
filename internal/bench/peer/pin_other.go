//go:build !linux

package peer

import "os/exec"

// startOn starts cmd on any core.
func startOn(cmd *exec.Cmd, _ int) error { return cmd.Start() }

// endWithParent does nothing: whoever kills this process has to end cmd, too.
func endWithParent(*exec.Cmd) {}
