package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pkg is a package and what its shipped files import.
type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportsKeepTheRules(t *testing.T) {
	packages := list(t)
	if len(packages) == 0 {
		t.Fatal("found no packages")
	}
	for _, violation := range violations(rules, packages) {
		t.Error(violation)
	}
}

func TestEveryPackageHasARule(t *testing.T) {
	free := []string{
		strings.TrimSuffix(module, "/"), // embeds files, imports nothing
		ours("internal/archtest"),
		ours("cmd/..."),      // sees all
		ours("examples/..."), // stand outside, as an origin would
	}
	for _, p := range list(t) {
		held := slices.ContainsFunc(rules, func(r rule) bool {
			return matchAny(r.in, p.ImportPath) && !slices.Contains(r.in, module+"...")
		})
		if !held && !matchAny(free, p.ImportPath) {
			t.Errorf("%s stands in no rule of its own; say in rules_test.go what it may import", p.ImportPath)
		}
	}
}

func TestViolations(t *testing.T) {
	broker := rule{in: []string{"m/..."}, notIn: []string{"m/nats/..."}, forbid: []string{"broker/..."}, except: []string{"broker/errors"}, why: "one place"}
	tests := []struct {
		name string
		pkg  pkg
		want []string
	}{
		{"an import that no rule forbids is fine", pkg{"m/a", []string{"fmt"}}, nil},
		{"a forbidden import is named with its reason", pkg{"m/a", []string{"broker/client"}}, []string{"m/a imports broker/client: one place"}},
		{"the root of a pattern matches too", pkg{"m", []string{"broker"}}, []string{"m imports broker: one place"}},
		{"a longer name is not below the pattern", pkg{"m/a", []string{"brokers"}}, nil},
		{"an exception is allowed", pkg{"m/a", []string{"broker/errors"}}, nil},
		{"a package that the rule is not for is free", pkg{"m/nats/sub", []string{"broker"}}, nil},
		{"another module is free", pkg{"n/a", []string{"broker"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := violations([]rule{broker}, []pkg{tt.pkg})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// violations says which package breaks which rule, a line each.
func violations(rules []rule, packages []pkg) []string {
	var found []string
	for _, p := range packages {
		for _, r := range rules {
			if !matchAny(r.in, p.ImportPath) || matchAny(r.notIn, p.ImportPath) {
				continue
			}
			for _, path := range p.Imports {
				if matchAny(r.forbid, path) && !matchAny(r.except, path) {
					found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, path, r.why))
				}
			}
		}
	}
	return found
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		root, below := strings.CutSuffix(pattern, "/...")
		return path == root || below && strings.HasPrefix(path, root+"/")
	})
}

// list reads the imports of all packages of this module. It parses the files
// itself, for every platform, so that the go command sees what this test has
// read and runs it again when an import changes.
func list(t *testing.T) []pkg {
	t.Helper()
	imports := map[string][]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && outside(path):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(module+filepath.ToSlash(dir), "/.")
		of, err := importsOf(path)
		imports[name] = append(imports[name], of...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var packages []pkg
	for _, path := range slices.Sorted(maps.Keys(imports)) {
		packages = append(packages, pkg{path, imports[path]})
	}
	return packages
}

// outside reports whether the folder is none of this module's packages.
func outside(path string) bool {
	base := filepath.Base(path)
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || err == nil
}

func importsOf(file string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
