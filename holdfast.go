// Package holdfast holds the files of the repository's top level that the
// program hands out. The program itself is cmd/holdfast.
package holdfast

import _ "embed"

//go:embed config.example.yaml
var exampleConfig string

// ExampleConfig returns config.example.yaml: every key with its default and its
// meaning.
func ExampleConfig() string { return exampleConfig }
