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
	// How many streams, long polls and WebSockets one client address may have
	// at once; IPv6 addresses count by their /64, and behind trusted_proxies
	// the client's address in X-Forwarded-For counts. What comes on top gets
	// 429, or is told to come back (the route's on_unavailable). Everybody in
	// one office or behind one mobile operator may have the same address. 0:
	// no limit.
	StreamsPerAddress int `mapstructure:"streams_per_address"`
	// How many of them one user may have, who is the meta named user in the
	// API's instruction (Grip-Set-Meta: user=...). 0: no limit.
	StreamsPerUser int `mapstructure:"streams_per_user"`
	// How many of them one channel may have. What comes on top gets 503, or is
	// told to come back. 0: no limit.
	StreamsPerChannel int `mapstructure:"streams_per_channel"`
	// How many connections one client address may have open, whatever they
	// are used for; IPv6 addresses count by their /64. What comes on top is
	// closed. Those of trusted_proxies are not limited, but with
	// proxy_protocol each counts for its client. Those of HTTP/3 are no
	// connections in this sense. 0: no limit.
	ConnectionsPerAddress int `mapstructure:"connections_per_address"`
	// How many requests may wait at each of origin_requests and new_streams,
	// first come first served. A waiting request costs about 24 KiB. What
	// comes on top is turned away at once, as the route's on_unavailable says.
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
