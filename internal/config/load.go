package config

import (
	"reflect"

	"github.com/spf13/viper"
)

// Sources says where settings come from. The zero value means the defaults.
type Sources struct {
	// File is the path of a YAML file, empty for none.
	File string
	// Environ holds the environment as NAME=value, like os.Environ.
	Environ []string
	// Flags are settings from the command line, which beat everything.
	Flags []Flag
	// Look, if not nil, finds what else is wrong with the settings, for what this
	// package does not know. There may be other problems, so it gets what could be
	// understood.
	Look func(Config) []*KeyError
}

// Flag is one setting from the command line.
type Flag struct {
	Key   string // as in the file: tls.listen
	Name  string // as the user wrote it: --tls-listen
	Value any    // as a YAML file would give it, lists as []any
}

// Load reads the sources, checks what they say, and reads the files that they
// name. Warnings are lines for the operator; they stop nothing. The error joins
// a KeyError for every problem, or says why File could not be read. With
// problems, the Config holds what could be understood, for nothing but a look.
func Load(s Sources) (Config, []string, error) {
	l := loader{viper: viper.New(), places: places{}}
	for key, value := range tree(reflect.ValueOf(Default())) {
		l.viper.SetDefault(key, value)
	}
	if s.File != "" {
		if err := l.file(s.File); err != nil {
			return Default(), nil, err
		}
		l.locate()
	}
	warnings := l.environment(s.Environ)
	for _, flag := range s.Flags {
		l.override(flag.Key, flag.Value, Place{Source: flag.Name})
	}
	cfg := l.decode()
	l.problems.merge(cfg.problems())
	l.problems.merge(cfg.fileProblems())
	l.problems.merge(cfg.directoryProblems())
	if s.Look != nil {
		l.problems.merge(s.Look(cfg))
	}
	l.locate()
	warnings = append(warnings, cfg.directoryWarnings()...)
	return cfg, warnings, l.problems.err()
}

// loader lays the sources over each other.
type loader struct {
	viper    *viper.Viper
	places   places
	problems problems
}

// override sets one key, over the file and whatever was set before.
func (l *loader) override(key string, value any, place Place) {
	l.places.set(key, place)
	leaves(reflect.TypeFor[Config](), "", func(k string, t reflect.Type) {
		if k != key {
			return
		}
		if fitting, ok := l.problems.fit(value, t, key); ok {
			l.viper.Set(key, fitting)
		}
	})
	l.locate()
}

// locate gives new problems their places. It is called after each source, since
// the next one may set the same key.
func (l *loader) locate() {
	for _, e := range l.problems {
		if e.Place == (Place{}) {
			e.Place = l.places.find(e.Key)
		}
	}
}
