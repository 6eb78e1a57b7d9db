package config

import (
	"net/netip"
	"reflect"
)

// name is the key of a field within its section.
func name(f reflect.StructField) string { return f.Tag.Get("mapstructure") }

// isSection reports whether t holds keys.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[netip.Prefix]()
}

// isSectionList reports whether t is a list of sections, like routes.
func isSectionList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && isSection(t.Elem())
}

// fields returns the fields of a section by their keys.
func fields(t reflect.Type) map[string]reflect.Type {
	all := make(map[string]reflect.Type, t.NumField())
	for f := range t.Fields() {
		all[name(f)] = f.Type
	}
	return all
}

// leaves calls f for every key of the section t that is not a section itself,
// in the order of the struct. A list of sections is one key.
func leaves(t reflect.Type, section string, f func(key string, t reflect.Type)) {
	for field := range t.Fields() {
		key := join(section, name(field))
		if isSection(field.Type) {
			leaves(field.Type, key, f)
		} else {
			f(key, field.Type)
		}
	}
}

// visit calls f for every single value in v, also those in lists.
func visit(v reflect.Value, key string, f func(key string, v reflect.Value)) {
	switch {
	case isSection(v.Type()):
		for field, value := range v.Fields() {
			visit(value, join(key, name(field)), f)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), element(key, i), f)
		}
	default:
		f(key, v)
	}
}

// tree returns the section v as nested maps, as a file would give it.
func tree(v reflect.Value) map[string]any {
	all := make(map[string]any, v.NumField())
	for field, value := range v.Fields() {
		if isSection(value.Type()) {
			all[name(field)] = tree(value)
		} else {
			all[name(field)] = value.Interface()
		}
	}
	return all
}
