package config

// Recovery is the section recovery.
type Recovery struct {
	// How many such requests are under way at once, for each route.
	Concurrent int `mapstructure:"concurrent"`
	// How many begin in a second, for each route. Streams that want the same
	// share one.
	PerSecond int `mapstructure:"per_second"`
}
