package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// fit compares the shape of a value with the type that its key has: sections
// hold known keys, lists are lists. It returns what fits, without nulls; the
// rest is a problem. Single values are left to decode.
func (p *problems) fit(value any, t reflect.Type, key string) (fitting any, ok bool) {
	switch {
	case value == nil:
		return nil, false // written without a value: the default holds
	case isSection(t):
		if section, ok := value.(map[string]any); ok {
			return p.fitSection(section, t, key), true
		}
		p.add(key, "is a "+shape(value), "write a section with keys")
		return nil, false
	case t.Kind() == reflect.Slice:
		return p.fitList(value, t, key)
	case reflect.TypeOf(value).Kind() == reflect.Map, reflect.TypeOf(value).Kind() == reflect.Slice:
		p.add(key, "is a "+shape(value), "write "+wanted(t))
		return nil, false
	}
	return value, true
}

func (p *problems) fitSection(section map[string]any, t reflect.Type, key string) map[string]any {
	known := fields(t)
	fitting := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(section)) {
		field, ok := known[name]
		if !ok {
			p.add(join(key, name), "unknown key", hint(name, slices.Sorted(maps.Keys(known))))
			continue
		}
		if v, ok := p.fit(section[name], field, join(key, name)); ok {
			fitting[name] = v
		}
	}
	return fitting
}

func (p *problems) fitList(value any, t reflect.Type, key string) (any, bool) {
	list, ok := value.([]any)
	if text, isText := value.(string); isText && t == reflect.TypeFor[URLs]() {
		list, ok = splitList(text), true
	}
	if !ok {
		p.add(key, "is a "+shape(value), "write a list here, as in [a, b]")
		return nil, false
	}
	fitting := make([]any, len(list))
	for i, item := range list {
		v, ok := p.fit(item, t.Elem(), element(key, i))
		switch {
		case item == nil:
			p.add(element(key, i), "is empty", "write "+wanted(t.Elem())+" or remove it")
			fallthrough
		case !ok: // keep the place of the others
			fitting[i] = reflect.Zero(t.Elem()).Interface()
		default:
			fitting[i] = v
		}
	}
	return fitting, true
}

// shape says in a user's words what was written.
func shape(value any) string {
	switch reflect.TypeOf(value).Kind() {
	case reflect.Map:
		return "section"
	case reflect.Slice:
		return "list"
	default:
		return "single value"
	}
}

// hint helps with a key that is not known.
func hint(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return fmt.Sprintf("the keys here are %s", strings.Join(known, ", "))
}
