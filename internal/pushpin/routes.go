package pushpin

import "strings"

// Routes is a routes file.
type Routes struct {
	// File is the name that notes have.
	File string
	All  []Route
	// Notes are about lines that could not be read.
	Notes []Note
}

// Route is one line of it: which requests go where.
type Route struct {
	Line      int
	Condition Word
	Targets   []Word // at least one
}

// Word is a value with its options.
type Word struct {
	Value   string
	Options []Option // in order; names may repeat
}

// Option is NAME or NAME=VALUE.
type Option struct{ Name, Value string }

// Has reports whether an option is there, with or without a value.
func (w Word) Has(name string) bool {
	for _, o := range w.Options {
		if o.Name == name {
			return true
		}
	}
	return false
}

// Value of an option, the last one if it is there several times.
func (w Word) value(name string) string {
	value := ""
	for _, o := range w.Options {
		if o.Name == name {
			value = o.Value
		}
	}
	return value
}

// ParseRoutes reads text: on each line CONDITION TARGET..., separated by
// spaces.
func ParseRoutes(file, text string) *Routes {
	r := &Routes{File: file}
	number := 0
	for line := range strings.Lines(text) {
		number++
		words, err := scan(strings.TrimRight(line, "\r\n"))
		switch {
		case err != nil:
			r.Notes = append(r.Notes, Note{file, number, "is no route: " + err.Error()})
		case len(words) == 1:
			r.Notes = append(r.Notes, Note{file, number, "is no route: there is no target"})
		case len(words) > 1:
			r.All = append(r.All, Route{number, words[0], words[1:]})
		}
	}
	return r
}
