package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// misread adds to what the YAML library says what to do about it, where that is known.
func misread(err error) error {
	var wrong *yaml.TypeError
	switch text := err.Error(); {
	case errors.As(err, &wrong) && strings.Contains(text, "already defined"):
		return errors.New(strings.Join(wrong.Errors, ", ") + "; keep one of the two, as an uncommented list in place of its []")
	case strings.Contains(text, "did not find expected key"), strings.Contains(text, "expected '-' indicator"):
		return fmt.Errorf("%w; look from there on for a line that is not indented like its neighbours", err)
	}
	return err
}

// goesOn says why there is something in text after the document that begins at first:
// lines that begin further left are not a part of it.
func goesOn(text []byte, first *yaml.Node) error {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		content := bytes.TrimLeft(line, " ")
		indent := len(line) - len(content)
		switch {
		case n <= first.Line || len(bytes.TrimSpace(content)) == 0 || content[0] == '#':
		case indent == 0 && (bytes.HasPrefix(content, []byte("---")) || bytes.HasPrefix(content, []byte("..."))):
			return errDocuments
		case indent < first.Column-1:
			return fmt.Errorf("line %d: is indented less than line %d, where the settings begin; begin the keys of the file at the start of their lines", n, first.Line)
		}
	}
	return errDocuments
}

// errDocuments is of a file in several parts (---).
var errDocuments = errors.New("there is more than one document in it; keep one")
