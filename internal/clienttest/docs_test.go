package clienttest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheManualNamesTheVersions compares docs/grip.md with package.json, where a
// second version of a package has an alias, and with requirements.txt.
func TestTheManualNamesTheVersions(t *testing.T) {
	manual, err := os.ReadFile("../../docs/grip.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(programs, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &pinned); err != nil {
		t.Fatal(err)
	}
	for name, version := range pinned.Dependencies {
		if alias, found := strings.CutPrefix(version, "npm:"); found {
			name, version, _ = strings.Cut(alias, "@")
		}
		if want := "`" + name + "` " + version; !strings.Contains(string(manual), want) {
			t.Errorf("docs/grip.md does not name %s", want)
		}
	}
	required, err := os.ReadFile(filepath.Join(programs, "requirements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(string(required), "gripcontrol==")
	version, _, _ = strings.Cut(version, "\n")
	if want := "`gripcontrol` " + version; !strings.Contains(string(manual), want) {
		t.Errorf("docs/grip.md does not name %s", want)
	}
}
