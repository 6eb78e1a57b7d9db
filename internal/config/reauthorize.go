package config

import (
	"fmt"
	"time"
)

// Reauthorize is a route's section reauthorize.
type Reauthorize struct {
	// The name of the event that asks. Its data says how to answer.
	Event string `mapstructure:"event"`
	// How long before its end a stream is asked, at most. 0s: it is not asked, and
	// ends.
	Before time.Duration `mapstructure:"before"`
	// How long its client has to answer, at least. Streams are asked at a random
	// moment in between, so that those which end together do not all come at once:
	// for many streams, make before longer.
	Patience time.Duration `mapstructure:"patience"`
}

func (p *problems) checkReauthorize(at string, r Reauthorize) {
	if 0 < r.Before && r.Before < r.Patience {
		p.addAcross(at+".before", []string{at + ".patience"}, fmt.Sprintf("is %s, less than the patience of %s", r.Before, r.Patience),
			"make it longer, so that there is time to answer, or write 0s to ask nobody")
	}
}
