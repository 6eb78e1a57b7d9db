package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exampleHead = `# Every key of Holdfast's configuration, with its default and its meaning.
#
#   holdfast serve --config holdfast.yaml
#   holdfast config check holdfast.yaml
#
# Write down only what differs. Each key can also be set in the environment
# (grip.sig_key is HOLDFAST_GRIP_SIG_KEY; lists are comma-separated), which
# beats this file; flags beat both. Only origin or routes must be set.
#
# Lines that begin with a bare # show what an element of a list can hold. To set
# the list, take the # away from what you need of them, and delete the line above
# that ends in []: a key may be there only once.
`

// example writes config.example.yaml.
type example struct {
	strings.Builder
	comments comments
	live     bool // with one element in every list of sections
}

// section writes the keys of v, indented.
func (e *example) section(v reflect.Value, indent string) {
	for field, value := range v.Fields() {
		e.WriteString("\n")
		for line := range strings.Lines(e.comments.of(v.Type(), field)) {
			fmt.Fprintf(e, "%s# %s\n", indent, strings.TrimSpace(line))
		}
		switch {
		case isSection(value.Type()):
			fmt.Fprintf(e, "%s%s:", indent, name(field))
			e.section(value, indent+"  ")
		case isSectionList(value.Type()):
			e.list(name(field), value.Type().Elem(), indent)
		default:
			fmt.Fprintf(e, "%s%s: %s\n", indent, name(field), written(value))
		}
	}
}

// list writes an empty list of sections and, commented out, its one element.
func (e *example) list(key string, of reflect.Type, indent string) {
	inner := example{comments: e.comments, live: e.live}
	fmt.Fprintf(&inner, "%s%s:\n%s  -", indent, key, indent)
	inner.section(elementDefaults(of), indent+"    ")
	if e.live {
		e.WriteString(inner.String())
		return
	}
	fmt.Fprintf(e, "%s%s: []\n", indent, key)
	for line := range strings.Lines(inner.String()) {
		e.WriteString("#" + line)
	}
}

// elementDefaults returns what an element of a list holds when it sets nothing.
func elementDefaults(of reflect.Type) reflect.Value {
	switch of {
	case reflect.TypeFor[Route]():
		return reflect.ValueOf(DefaultRoute())
	case reflect.TypeFor[Override]():
		c := Default().Channels
		return reflect.ValueOf(Override{Replay: c.Replay, SendWindow: c.SendWindow})
	default:
		return reflect.Zero(of)
	}
}

func exampleText(t *testing.T, live bool) string {
	t.Helper()
	e := example{comments: readComments(t), live: live}
	e.WriteString(exampleHead)
	e.section(reflect.ValueOf(Default()), "")
	return strings.ReplaceAll(e.String(), ":\n\n", ":\n")
}

func TestExampleFileIsTheCommentsAndDefaults(t *testing.T) {
	fileHasContent(t, filepath.Join("..", "..", "config.example.yaml"), exampleText(t, false))
}

func TestExampleFileLoadsAsTheDefaults(t *testing.T) {
	got, _, err := Load(Sources{
		File:  filepath.Join("..", "..", "config.example.yaml"),
		Flags: []Flag{{"origin", "--origin", "http://127.0.0.1:8000"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Origin = "http://127.0.0.1:8000"
	if diff := cmp.Diff(want, got, same()); diff != "" {
		t.Error(diff)
	}
}

func TestExampleElementsLoadAsTheDefaultElements(t *testing.T) {
	file := filepath.Join(t.TempDir(), "live.yaml")
	if err := os.WriteFile(file, []byte(exampleText(t, true)), 0o600); err != nil {
		t.Fatal(err)
	}
	got, _, err := Load(Sources{File: file})
	if err == nil {
		t.Error("elements without origins and prefixes were accepted")
	}
	want := Default()
	want.TLS.Certificates = []Certificate{{}}
	want.Control.Access = []Access{{}}
	want.NATS.Embedded.Users = []EmbeddedUser{{}}
	want.Routes = []Route{DefaultRoute()}
	want.Channels.Overrides = []Override{elementDefaults(reflect.TypeFor[Override]()).Interface().(Override)}
	if diff := cmp.Diff(want, got, same()); diff != "" {
		t.Error(diff)
	}
}
