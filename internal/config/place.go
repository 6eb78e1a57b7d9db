package config

import (
	"maps"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Place is where a key was set.
type Place struct {
	Source string // a file, a variable or a flag
	Line   int    // in the file, from 1; otherwise 0
}

// String is FILE:LINE, or the name of the variable or flag.
func (p Place) String() string {
	if p.Line == 0 {
		return p.Source
	}
	return p.Source + ":" + strconv.Itoa(p.Line)
}

// places tells for each key, also for elements of lists, where it was set last.
type places map[string]Place

// set notes that key was set as a whole: what was noted below it is gone.
func (p places) set(key string, place Place) {
	maps.DeleteFunc(p, func(k string, _ Place) bool { return within(k, key) })
	p[key] = place
}

// find returns the place of key, or of what it is part of.
func (p places) find(key string) Place {
	for key != "" {
		if place, ok := p[key]; ok {
			return place
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return Place{}
}

// read notes the places of all keys in a YAML document.
func (p places) read(file string, node *yaml.Node, key string) {
	switch node.Kind {
	case yaml.DocumentNode:
		p.read(file, node.Content[0], key)
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := join(key, node.Content[i].Value)
			p[name] = Place{file, node.Content[i].Line}
			p.read(file, node.Content[i+1], name)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			name := element(key, i)
			p[name] = Place{file, item.Line}
			p.read(file, item, name)
		}
	}
}

// join names a key in a section; the section "" is the whole file. What cannot
// be one of our keys is quoted, so that it reads as one word.
func join(section, name string) string {
	if strings.ContainsFunc(name, unlikely) || name == "" {
		name = strconv.Quote(name)
	}
	if section == "" {
		return name
	}
	return section + "." + name
}

func unlikely(r rune) bool {
	return r != '_' && r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
}

// element names an element of a list.
func element(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
