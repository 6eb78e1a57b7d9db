package config

import "time"

// CORS is a route's section cors.
type CORS struct {
	// The sites whose pages may read, as browsers name them:
	// https://app.example.com, or https://*.example.com for all hosts below
	// example.com, or "*" for everybody. A response that names a reader
	// itself (Access-Control-Allow-Origin) stays as it is for these sites, and
	// loses its permission for all others. Empty: the origin's responses pass
	// as they are, and preflights go to it.
	Origins []string `mapstructure:"origins"`
	// Let these pages send and read what is the user's, by cookies. With "*"
	// in origins every page that the user visits can act in the user's name.
	Credentials bool `mapstructure:"credentials"`
	// What they may send beside what every page may. Preflights are answered
	// with this, without the origin. "*" allows every method.
	Methods []string `mapstructure:"methods"`
	// The headers they may send beside those that every page may. "*" allows
	// all.
	Headers []string `mapstructure:"headers"`
	// The headers of responses they may see beside those that every page may.
	// "*" shows all.
	Expose []string `mapstructure:"expose"`
	// How long a browser may remember a preflight. 0s: it asks each time.
	MaxAge time.Duration `mapstructure:"max_age"`
}

func defaultCORS() CORS {
	return CORS{
		Methods: []string{"GET", "HEAD", "POST"},
		Headers: []string{"Authorization", "Content-Type", "Holdfast-Challenge", "Last-Event-ID"},
		MaxAge:  time.Hour,
	}
}
