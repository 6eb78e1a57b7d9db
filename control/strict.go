package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// strictJSON reads one object, whose members have these names. What would mean more
// than was meant is an error: a member that is not known, since it may be misspelt, one
// that is null, which would count as left out, and one that is there twice, of which
// the last would count.
func strictJSON(text []byte, into any, names []string) error {
	d := json.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(into); {
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case err != nil:
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the JSON object")
	}
	return checkMembers(text, names)
}

// checkMembers reports the first member of a JSON object, or of one in it, that is null
// or there twice, or that is written otherwise than one of names, which are for the
// outer object only. A text that is another value has no members.
func checkMembers(text []byte, names []string) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return err
	}
	seen := make(map[string]bool)
	for d.More() {
		name, value, err := nextMember(d)
		if err != nil {
			return err
		}
		if err := checkName(name, names); err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%q is there twice; say it once", name)
		}
		seen[name] = true
		if string(value) == "null" {
			return fmt.Errorf("%q is null; leave it out if it does not matter", name)
		}
		if err := checkMembers(value, nil); err != nil {
			return fmt.Errorf("in %q: %w", name, err)
		}
	}
	return nil
}

// nextMember reads the next member of an object.
func nextMember(d *json.Decoder) (name string, value json.RawMessage, err error) {
	key, err := d.Token()
	if err != nil {
		return "", nil, err
	}
	name, _ = key.(string) // by the grammar
	return name, value, d.Decode(&value)
}

// checkName reports a name that is not one of names. Case counts, which encoding/json
// does not look at.
func checkName(name string, names []string) error {
	if names == nil || slices.Contains(names, name) {
		return nil
	}
	meant := slices.IndexFunc(names, func(known string) bool { return strings.EqualFold(name, known) })
	if meant < 0 {
		return fmt.Errorf("%q is not known; there are: %s", name, strings.Join(names, ", "))
	}
	return fmt.Errorf("%q must be written %q", name, names[meant])
}
