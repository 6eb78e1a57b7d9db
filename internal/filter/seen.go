package filter

import (
	"encoding/hex"
	"strings"
)

// Seen reads an id that build-id made for an earlier response like this one, which
// goes on from there: the id of the last item that the client has of each channel,
// in the order of the instruction. What the instruction says about a channel beats
// the id; of what neither tells the result is empty. It reports false if the id
// cannot be read. It is called before anything is read.
func (s *Set) Seen(id string) (last []string, ok bool) {
	if !s.BuildsIDs() || id == "" {
		return nil, false
	}
	if s.meta["id_encoding"] == "hex" {
		decoded, err := hex.DecodeString(id)
		if err != nil {
			return nil, false
		}
		id = string(decoded)
	}
	format, ok := parseIDFormat(s.meta["id_format"])
	if !ok {
		return nil, false
	}
	ids, ok := format.match(id)
	if !ok {
		return nil, false
	}
	last = make([]string, len(s.channels))
	for i := range s.channels {
		c := &s.channels[i]
		if c.last == "" {
			c.last = ids[c.name]
		}
		last[i] = c.last
	}
	return last, true
}

// idFormat is an id_format that can be read backwards: text before each name, and
// behind the last.
type idFormat struct {
	before []string
	names  []string
	end    string
}

// parseIDFormat splits an id_format. It reports false for one without names, or
// with two of them side by side, for then nobody knows where the first id ends.
func parseIDFormat(text string) (f idFormat, ok bool) {
	const mark = '\x00' // what value puts in place of a name
	var names []string
	out, err := expand(nil, []byte(text), func(d directive) (string, error) {
		if d.verb != 's' || !d.hasArg {
			return "", d.unknown()
		}
		names = append(names, string(d.arg))
		return string(mark), nil
	})
	if err != nil || len(names) == 0 || strings.Count(text, string(mark)) > 0 {
		return idFormat{}, false
	}
	parts := strings.Split(string(out), string(mark))
	for _, between := range parts[1 : len(parts)-1] {
		if between == "" {
			return idFormat{}, false
		}
	}
	return idFormat{before: parts[:len(names)], names: names, end: parts[len(names)]}, true
}

// match finds the ids in an id.
func (f *idFormat) match(id string) (ids map[string]string, ok bool) {
	ids = make(map[string]string, len(f.names))
	id, ok = strings.CutSuffix(id, f.end)
	if !ok {
		return nil, false
	}
	if id, ok = strings.CutPrefix(id, f.before[0]); !ok {
		return nil, false
	}
	for i, name := range f.names {
		value := id
		if i+1 < len(f.names) {
			if value, id, ok = strings.Cut(id, f.before[i+1]); !ok {
				return nil, false
			}
		}
		ids[name] = value
	}
	return ids, true
}
