package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// file lays a YAML file over the defaults. The error says why it cannot be
// read at all.
func (l *loader) file(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	settings, err := l.parse(path, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return l.viper.MergeConfigMap(l.problems.fitSection(settings, reflect.TypeFor[Config](), ""))
}

// parse reads one YAML document and notes the places of its keys. An empty
// document is an empty map.
func (l *loader) parse(path string, text []byte) (map[string]any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return map[string]any{}, nil
	} else if err != nil {
		return nil, misread(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, goesOn(text, document.Content[0])
	}
	var settings any
	if err := document.Decode(&settings); err != nil {
		return nil, misread(err)
	}
	l.places.read(path, &document, "")
	switch settings := settings.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return settings, nil
	default:
		return nil, fmt.Errorf("it holds a %s and no keys", shape(settings))
	}
}
