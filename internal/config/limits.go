package config

import (
	"fmt"
	"time"
)

// Limits is the section limits.
type Limits struct {
	// How many requests of one route may be with its origins at once; more
	// wait. A request counts until the head of the response is there, so
	// held streams, WebSockets and long downloads do not. A good number is
	// what the API can work on at the same time. 0: no limit, since an API
	// that lets its clients wait may have any number. Routes can have their
	// own.
	OriginRequests int `mapstructure:"origin_requests"`
	// How many streams may begin per second, on all routes together; more
	// wait. What asks for an event stream counts before the origin is asked,
	// every other stream when the origin has answered; long polls do not
	// count. 0: no limit.
	NewStreams int `mapstructure:"new_streams"`
	// How many streams may begin at once after a pause. 0: as many as in a
	// second.
	NewStreamsBurst int `mapstructure:"new_streams_burst"`
	// How many requests may wait at each of these limits, first come first
	// served. A waiting request costs about 24 KiB. What comes on top is
	// turned away at once, as the route's on_unavailable says.
	Queue int `mapstructure:"queue"`
	// How long a request may wait at each of them before it is turned away.
	QueueWait time.Duration `mapstructure:"queue_wait"`
}

// checkStorm looks at what belongs together in the section limits.
func (p *problems) checkStorm(l Limits) {
	if l.NewStreamsBurst > 0 && l.NewStreams == 0 {
		p.addAcross("limits.new_streams_burst", []string{"limits.new_streams"},
			fmt.Sprintf("is %d, and limits.new_streams is 0, which is no limit", l.NewStreamsBurst), "set both or none")
	}
	if l.Queue > 0 && l.QueueWait == 0 {
		p.addAcross("limits.queue_wait", []string{"limits.queue"}, "is 0, and limits.queue is not", "say how long to wait, as in 5s, or write limits.queue: 0")
	}
}
