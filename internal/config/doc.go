// Package config reads what an operator has set. The Config struct is the
// manual: the comments of its fields are what config.example.yaml and
// docs/configuration.md say about each key, word for word, held by a test. So
// they speak of keys, not of Go.
//
// Four sources are laid over each other, the later beating the earlier: the
// defaults, one YAML file, HOLDFAST_ variables, flags. Viper does the layering
// and mapstructure the conversion; a look at the shape of each source comes
// before both, because viper would lose what does not fit (a number where a
// section belongs hides the section's defaults) and knows no line numbers.
//
// What is wrong is reported together, every problem as a KeyError that names
// the key, where it was set, and what to do. Nothing is repaired silently and
// no key is ignored. HOLDFAST_ variables that name no key are the exception:
// they are warnings, since Kubernetes sets such variables for a service that
// is called holdfast.
//
// A loaded Config is plain data. Nothing here listens, connects or logs, and
// no other package reads the environment or a file of settings.
//
//	config.go, nats.go, embedded.go,
//	route.go, channels.go              the keys
//	tokens.go                          the keys of routes that hold by token
//	limits.go, hold.go                 more keys, each with its checks
//	default.go                         their defaults
//	reload.go, referred.go             what has changed, and which files to look at
//	load.go, shape.go, decode.go       from sources to a Config
//	environment.go, file.go, place.go  the sources, and where a key was set
//	misread.go                         what to do about a file that is not YAML
//	validate*.go, files.go,
//	directories.go                     what is refused
package config
