package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const (
	tablesBegin = "<!-- The rest is written by: go test ./internal/config -update -->\n"
	manual      = "configuration.md"
)

// tables writes the keys as one table per section.
type tables struct {
	strings.Builder
	comments comments
}

// section writes the table of v, then those of the sections in it.
func (m *tables) section(v reflect.Value, key string, inList bool) {
	fmt.Fprintf(m, "| key | default | meaning |\n|---|---|---|\n")
	for field, value := range v.Fields() {
		if !isSection(value.Type()) {
			m.row(v.Type(), field, value, join(key, name(field)), inList)
		}
	}
	for field, value := range v.Fields() {
		inner := join(key, name(field))
		switch {
		case isSection(value.Type()):
			fmt.Fprintf(m, "\n### `%s`\n\n%s\n\n", inner, m.comments.of(v.Type(), field))
			m.section(value, inner, inList)
		case isSectionList(value.Type()):
			fmt.Fprintf(m, "\n### Elements of `%s`\n\n%s\n\n", inner, m.comments.of(v.Type(), field))
			m.section(elementDefaults(value.Type().Elem()), inner+"[]", true)
		}
	}
}

func (m *tables) row(of reflect.Type, field reflect.StructField, value reflect.Value, key string, inList bool) {
	meaning := strings.ReplaceAll(m.comments.of(of, field), "\n", " ")
	if !inList {
		meaning += " `" + variableName(key) + "`"
	}
	fmt.Fprintf(m, "| `%s` | `%s` | %s |\n", key, written(value), strings.ReplaceAll(meaning, "|", `\|`))
}

func TestManualIsTheCommentsAndDefaults(t *testing.T) {
	path := filepath.Join("..", "..", "docs", manual)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	prose, _, found := strings.Cut(string(text), tablesBegin)
	if !found {
		t.Fatalf("%s has lost the line %q", manual, tablesBegin)
	}
	m := tables{comments: readComments(t)}
	m.WriteString("\n### Top level\n\n")
	m.section(reflect.ValueOf(Default()), "", false)
	fileHasContent(t, path, prose+tablesBegin+m.String())
}
