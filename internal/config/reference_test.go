package config

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write config.example.yaml and the tables of docs/configuration.md anew")

// comments holds the comment of each field of each struct in this package, by
// "Type.Field".
type comments map[string]string

func readComments(t *testing.T) comments {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := comments{}
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, isType := n.(*ast.TypeSpec)
			if !isType {
				return true
			}
			if structure, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range structure.Fields.List {
					for _, name := range field.Names {
						all[spec.Name.Name+"."+name.Name] = strings.TrimSpace(field.Doc.Text())
					}
				}
			}
			return false
		})
	}
	return all
}

func (c comments) of(section reflect.Type, field reflect.StructField) string {
	return c[section.Name()+"."+field.Name]
}

// fileHasContent compares a file of the repository with what it must hold, or
// writes it.
func fileHasContent(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s differs from the comments and defaults in this package; run go test ./internal/config -update\n%s", path, diff)
	}
}

// written returns a single value as a YAML file has it.
func written(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return shortDuration(value)
	case string:
		return fmt.Sprintf("%q", value)
	}
	switch {
	case v.Kind() == reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = written(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case v.Kind() == reflect.String && strings.Trim(v.String(), ".0123456789") == "":
		return strconv.Quote(v.String()) // empty, or a number to YAML
	default:
		return fmt.Sprint(v.Interface())
	}
}

// shortDuration is d in one unit.
func shortDuration(d time.Duration) string {
	switch {
	case d == 0 || d%time.Second != 0:
		return d.String()
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return fmt.Sprintf("%ds", d/time.Second)
	}
}

func TestEveryKeyIsExplained(t *testing.T) {
	docs := readComments(t)
	var section func(of reflect.Type)
	section = func(of reflect.Type) {
		for field := range of.Fields() {
			doc := docs.of(of, field)
			if doc == "" || name(field) == "" {
				t.Errorf("%s.%s lacks a comment or a mapstructure tag", of.Name(), field.Name)
			}
			switch e := reflect.Zero(field.Type).Interface().(type) {
			case enum:
				for _, value := range e.allowed() {
					if !strings.Contains(doc, value) {
						t.Errorf("the comment of %s.%s does not explain the value %q", of.Name(), field.Name, value)
					}
				}
			}
			switch {
			case isSection(field.Type):
				section(field.Type)
			case isSectionList(field.Type):
				section(field.Type.Elem())
			}
		}
	}
	section(reflect.TypeFor[Config]())
}

func TestEveryKeyHasAVariableOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	leaves(reflect.TypeFor[Config](), "", func(key string, _ reflect.Type) {
		variable := variableName(key)
		if other, twice := seen[variable]; twice {
			t.Errorf("%s stands for %s and for %s", variable, other, key)
		}
		if foreseen(variable) {
			t.Errorf("%s (%s) is taken for something that is no key", variable, key)
		}
		seen[variable] = key
	})
}
