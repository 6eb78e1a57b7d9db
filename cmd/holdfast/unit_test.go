package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

// unit is a unit of systemd: the values of its directives in their order, by
// "Section.Directive".
type unit map[string][]string

// units are those of examples/, by their paths.
func units(t *testing.T) map[string]unit {
	paths, err := filepath.Glob("../../examples/*/holdfast.service")
	if err != nil || len(paths) < 2 {
		t.Fatalf("%v, %v", paths, err)
	}
	all := map[string]unit{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		u, section := unit{}, ""
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			name, value, found := strings.Cut(line, "=")
			switch {
			case line == "" || line[0] == '#':
			case line[0] == '[':
				section = strings.Trim(line, "[]")
			case found:
				u[section+"."+name] = append(u[section+"."+name], value)
			default:
				t.Fatalf("%s: %q is no directive", path, line)
			}
		}
		all[path] = u
	}
	return all
}

// knownDirectives are those of systemd.unit(5), systemd.service(5),
// systemd.exec(5) and systemd.kill(5) that the examples have. What is not here is
// new, or misspelt: systemd only warns of that, and starts the service without.
func knownDirectives() []string {
	of := func(section, names string) []string {
		all := strings.Fields(names)
		for i, name := range all {
			all[i] = section + "." + name
		}
		return all
	}
	return slices.Concat(
		of("Unit", "Description Documentation After Wants"),
		of("Service", `Type ExecStart ExecReload Restart RestartSec TimeoutStopSec
			KillSignal KillMode LimitNOFILE UMask DynamicUser StateDirectory StateDirectoryMode LoadCredential Environment
			CapabilityBoundingSet AmbientCapabilities NoNewPrivileges
			PrivateUsers PrivateTmp PrivateDevices PrivateIPC ProtectSystem ProtectHome ProtectProc ProtectClock
			ProtectHostname ProtectControlGroups ProtectKernelLogs ProtectKernelModules ProtectKernelTunables RemoveIPC
			RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality
			SystemCallArchitectures SystemCallFilter SystemCallErrorNumber MemoryDenyWriteExecute`),
		of("Install", "WantedBy"),
	)
}

func TestTheUnitsOfTheExamplesHaveOnlyKnownDirectives(t *testing.T) {
	known := knownDirectives()
	for path, u := range units(t) {
		for directive := range u {
			if !slices.Contains(known, directive) {
				t.Errorf("%s: %s is not known", path, directive)
			}
		}
	}
}

func TestTheUnitsOfTheExamplesStartWhatThereIs(t *testing.T) {
	for path, u := range units(t) {
		lines := slices.Concat(u["Service.ExecStart"], u["Service.ExecReload"])
		if len(u["Service.ExecStart"]) != 1 {
			t.Errorf("%s starts %q", path, u["Service.ExecStart"])
		}
		for _, line := range lines {
			args := strings.Fields(line)
			if filepath.Base(args[0]) != "holdfast" {
				continue
			}
			cmd, rest, err := rootCommand().Find(args[1:])
			if err != nil || !cmd.Runnable() || cmd.Name() == "holdfast" {
				t.Errorf("%s: %s: %v", path, line, err)
				continue
			}
			if err := cmd.ParseFlags(rest); err != nil {
				t.Errorf("%s: %s: %v", path, line, err)
			} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
				t.Errorf("%s: %s: %v", path, line, err)
			}
		}
	}
}

func TestTheUnitsOfTheExamplesWaitForTheDrain(t *testing.T) {
	drain := config.Default().Drain
	for path, u := range units(t) {
		stop, err := time.ParseDuration(strings.Join(u["Service.TimeoutStopSec"], "") + "s")
		if err != nil || stop <= drain.Delay+drain.Window+10*time.Second {
			t.Errorf("%s: TimeoutStopSec is %v, %v", path, stop, err)
		}
	}
}

// systemd reads the units itself, with a program that is there. It says nothing if
// nothing is wrong; the exit code does not tell.
func TestSystemdTakesTheUnitsOfTheExamples(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("skipped: systemd-analyze, of systemd, is not installed")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for path := range units(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		there := strings.ReplaceAll(string(text), "/usr/local/bin/holdfast", program)
		copied := writeFile(t, "holdfast.service", there)
		out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", copied).CombinedOutput()
		if err != nil || strings.Contains(string(out), "holdfast.service") {
			t.Errorf("%s: %v: %s", path, err, out)
		}
	}
}
