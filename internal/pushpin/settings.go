package pushpin

import (
	"strings"
)

// Settings is a pushpin.conf.
type Settings struct {
	// File is the name that notes have.
	File string
	All  []Setting
	// Notes are about lines that could not be read.
	Notes []Note
}

// Setting is one line of it.
type Setting struct {
	Line         int
	Section, Key string // without blanks, in lower case
	Value        string // without blanks and quotes around it
}

// ParseSettings reads text, an INI file: sections in brackets, KEY=VALUE, and
// lines that begin with # or ; as comments.
func ParseSettings(file, text string) *Settings {
	s := &Settings{File: file}
	section, number := "", 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if name, ok := sectionName(line); ok {
			section = name
			continue
		}
		key, value, found := strings.Cut(line, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		if !found || key == "" {
			s.Notes = append(s.Notes, Note{file, number, "is neither a section nor KEY=VALUE"})
			continue
		}
		s.All = append(s.All, Setting{number, section, key, unquoted(strings.TrimSpace(value))})
	}
	return s
}

func sectionName(line string) (string, bool) {
	if line[0] != '[' || !strings.HasSuffix(line, "]") {
		return "", false
	}
	return strings.ToLower(strings.TrimSpace(line[1 : len(line)-1])), true
}

func unquoted(value string) string {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}

// RoutesFile is where the routes are by these settings, as it is written there:
// relative to the file itself.
func (s *Settings) RoutesFile() string {
	path := "routes"
	for _, setting := range s.All {
		if setting.name() == "proxy.routesfile" && setting.Value != "" {
			path = setting.Value
		}
	}
	return path
}

// name is SECTION.KEY.
func (s Setting) name() string { return s.Section + "." + s.Key }
