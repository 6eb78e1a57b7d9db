package config

// Recovery is the section recovery.
type Recovery struct {
	// How many such requests are under way at once.
	Concurrent int `mapstructure:"concurrent"`
	// How many begin in a second. Streams that want the same share one.
	PerSecond int `mapstructure:"per_second"`
}
