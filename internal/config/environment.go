package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const variablePrefix = "HOLDFAST_"

// variableName is the name of the environment variable that sets key:
// HOLDFAST_GRIP_SIG_KEY for grip.sig_key.
func variableName(key string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// environment lays the HOLDFAST_ variables over the file. It returns a warning
// for each that names no key.
func (l *loader) environment(environ []string) []string {
	set := map[string]string{}
	for _, line := range environ {
		if variable, text, _ := strings.Cut(line, "="); strings.HasPrefix(variable, variablePrefix) {
			set[variable] = text
		}
	}
	var known []string
	leaves(reflect.TypeFor[Config](), "", func(key string, t reflect.Type) {
		variable := variableName(key)
		known = append(known, variable)
		if text, ok := set[variable]; ok {
			l.variable(key, t, text)
		}
		delete(set, variable)
	})
	return strangers(set, known)
}

// variable sets one key from the text of its variable.
func (l *loader) variable(key string, t reflect.Type, text string) {
	place := Place{Source: variableName(key)}
	value, err := fromText(text, t)
	if err != nil {
		l.problems.add(key, "is not valid YAML: "+err.Error(), "a list of sections is written here as YAML or JSON in one line")
		l.problems[len(l.problems)-1].Place = place
		return
	}
	if value != nil {
		l.override(key, value, place)
	}
}

// fromText turns a variable's text into what a file would have given: lists are
// comma-separated, lists of sections, numbers and switches are YAML. It returns
// nil when the text is empty and a value of type t cannot be.
func fromText(text string, t reflect.Type) (any, error) {
	switch {
	case t == reflect.TypeFor[string]():
		return text, nil
	case t.Kind() == reflect.Slice && !isSectionList(t):
		return splitList(text), nil
	case strings.TrimSpace(text) == "":
		return nil, nil
	case isSectionList(t), t == reflect.TypeFor[int](), t == reflect.TypeFor[bool]():
		var value any
		err := yaml.Unmarshal([]byte(text), &value)
		return value, err
	default:
		return text, nil
	}
}

func splitList(text string) []any {
	list := []any{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// strangers warns of variables that look like ours and name no key.
func strangers(set map[string]string, known []string) []string {
	var warnings []string
	for _, variable := range slices.Sorted(maps.Keys(set)) {
		if foreseen(variable) {
			continue
		}
		warning := fmt.Sprintf("%s names no key and is ignored", variable)
		if near := nearest(variable, known); near != "" {
			warning += "; did you mean " + near + "?"
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// foreseen reports whether the variable is known to be no key: those of
// `holdfast publish`, and those that Kubernetes sets in every container beside
// a service that is called holdfast.
func foreseen(variable string) bool {
	return variable == "HOLDFAST_URL" || variable == "HOLDFAST_TOKEN" ||
		variable == "HOLDFAST_PORT" || strings.HasPrefix(variable, "HOLDFAST_PORT_") ||
		strings.HasPrefix(variable, "HOLDFAST_SERVICE_")
}
