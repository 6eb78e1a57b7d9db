package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// vectors is how many vectors of GRIP there are: T01 to T72.
const vectors = 72

// TestEveryVectorOfGRIPIsTestedOrLeftOut keeps docs/grip-vectors.md and the
// tests together: every number is there once, with files that name it or with
// the reason why it is left out.
func TestEveryVectorOfGRIPIsTestedOrLeftOut(t *testing.T) {
	page, err := os.ReadFile("../../docs/grip-vectors.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (T\d\d) \| [^|]+ \| ([^|]+) \|$`).FindAllStringSubmatch(string(page), -1)
	if len(rows) != vectors {
		t.Fatalf("%d vectors are listed, want %d", len(rows), vectors)
	}
	for i, row := range rows {
		number, tests := row[1], row[2]
		if want := fmt.Sprintf("T%02d", i+1); number != want {
			t.Fatalf("%s stands where %s should", number, want)
		}
		if strings.HasPrefix(tests, "left out: ") {
			continue
		}
		for file := range strings.SplitSeq(tests, ", ") {
			wantVector(t, number, strings.Trim(file, "`"))
		}
	}
}

// wantVector checks that a file of this module names a vector.
func wantVector(t *testing.T, number, file string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", file))
	if err != nil {
		t.Errorf("%s: %v", number, err)
		return
	}
	if !regexp.MustCompile(`\b` + number + `\b`).Match(text) {
		t.Errorf("%s does not name %s", file, number)
	}
}
