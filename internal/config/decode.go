package config

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"time"

	"github.com/go-viper/mapstructure/v2"
)

// decode turns the merged settings into a Config. What does not convert is a
// problem and stays zero.
func (l *loader) decode() Config {
	var cfg Config
	settings := l.viper.AllSettings()
	complete(settings)
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:      &cfg,
		ErrorUnused: true,
		DecodeHook:  mapstructure.ComposeDecodeHookFunc(decodeDuration, decodeSize, decodeNetwork, decodeNumber),
	})
	if err != nil {
		panic(err) // only for a Result that is no pointer
	}
	l.convertProblems(decoder.Decode(settings))
	return cfg
}

// complete gives the elements of lists what they leave out.
func complete(settings map[string]any) {
	for _, route := range sections(settings["routes"]) {
		fill(route, tree(reflect.ValueOf(DefaultRoute())))
	}
	channels := settings["channels"].(map[string]any)
	for _, override := range sections(channels["overrides"]) {
		fill(override, map[string]any{"replay": channels["replay"], "send_window": channels["send_window"]})
	}
}

// sections returns the elements of a list of sections; there are none in the
// empty default.
func sections(list any) []map[string]any {
	items, _ := list.([]any)
	var all []map[string]any
	for _, item := range items {
		if section, ok := item.(map[string]any); ok {
			all = append(all, section)
		}
	}
	return all
}

// fill adds to section what it lacks of rest. It changes section only.
func fill(section, rest map[string]any) {
	for key, value := range rest {
		inner, isSection := value.(map[string]any)
		own, has := section[key]
		switch {
		case has && isSection:
			fill(own.(map[string]any), inner)
		case isSection:
			section[key] = maps.Clone(inner)
		case !has:
			section[key] = value
		}
	}
}

func decodeDuration(from, to reflect.Type, data any) (any, error) {
	if to != reflect.TypeFor[time.Duration]() || from == to || data == 0 {
		return data, nil
	}
	text, ok := data.(string)
	if ok {
		if d, err := time.ParseDuration(text); err == nil {
			return d, nil
		}
	}
	return nil, conversionError{fmt.Sprintf("%v is not a duration", data), to}
}

func decodeSize(from, to reflect.Type, data any) (any, error) {
	if to != reflect.TypeFor[Size]() || from == to || from.Kind() == reflect.Int {
		return data, nil
	}
	text, _ := data.(string)
	size, err := ParseSize(text)
	if err != nil {
		return nil, conversionError{fmt.Sprintf("%v is not a size", data), to}
	}
	return size, nil
}

func decodeNetwork(from, to reflect.Type, data any) (any, error) {
	if to != reflect.TypeFor[netip.Prefix]() || from == to {
		return data, nil
	}
	text, _ := data.(string)
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, conversionError{fmt.Sprintf("%v is not a network", data), to}
	}
	return unmapped(network).Masked(), nil
}

// unmapped returns a network of IPv4 addresses that is written as one of IPv6 as what
// it is: clients are compared with it by their IPv4 address.
func unmapped(network netip.Prefix) netip.Prefix {
	const mappedBits = 96
	if !network.Addr().Is4In6() || network.Bits() < mappedBits {
		return network
	}
	return netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-mappedBits)
}

// decodeNumber refuses what mapstructure would cut off: 1.5 is not 1.
func decodeNumber(from, to reflect.Type, data any) (any, error) {
	if to != reflect.TypeFor[int]() || from.Kind() == reflect.Int {
		return data, nil
	}
	return nil, conversionError{fmt.Sprintf("%v is not a whole number", data), to}
}

// conversionError says that a value is not what its key wants.
type conversionError struct {
	problem string
	to      reflect.Type
}

func (e conversionError) Error() string { return e.problem }

// convertProblems turns the errors of mapstructure, which are nested and joined,
// into problems.
func (l *loader) convertProblems(err error) {
	var inner, outer *mapstructure.DecodeError
	joined, isJoined := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
	case isJoined:
		for _, e := range joined.Unwrap() {
			l.convertProblems(e)
		}
	case errors.As(errors.Unwrap(err), &inner):
		l.convertProblems(errors.Unwrap(err))
	case errors.As(err, &outer):
		l.conversionProblem(outer)
	default:
		l.problems.add("settings", err.Error(), "")
	}
}

// conversionProblem reports one value that does not convert. The value itself
// is left out where it may be a secret.
func (l *loader) conversionProblem(e *mapstructure.DecodeError) {
	var conversion conversionError
	var unconvertible *mapstructure.UnconvertibleTypeError
	switch {
	case errors.As(e, &conversion):
		l.problems.add(e.Name(), conversion.problem, "write "+wanted(conversion.to))
	case errors.As(e, &unconvertible):
		t := unconvertible.Expected.Type()
		l.problems.add(e.Name(), "has the wrong type", "write "+wanted(t))
	default:
		l.problems.add(e.Name(), errors.Unwrap(e).Error(), "")
	}
}

// wanted says in a user's words what a value of type t looks like.
func wanted(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration with its unit, as in 20s, 500ms or 10m"
	case reflect.TypeFor[Size]():
		return "a size with its unit, as in 512B, 64KiB or 1MiB"
	case reflect.TypeFor[netip.Prefix]():
		return "a network as in 10.0.0.0/8, or one address"
	case reflect.TypeFor[int]():
		return "a whole number"
	case reflect.TypeFor[bool]():
		return "true or false"
	}
	if isSection(t) {
		return "a section"
	}
	return "text, in quotes if it looks like a number"
}
