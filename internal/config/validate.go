package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Validate returns what is wrong with c, nil if nothing: a KeyError for every
// problem, joined. It reads no files.
func (c Config) Validate() error { return c.problems().err() }

func (c Config) problems() problems {
	var p problems
	p.checkEnums(c)
	p.checkNegative(c)
	p.checkLimits(c)
	p.checkStorm(c.Limits)
	p.checkArrival(c)
	p.checkAddresses(c)
	p.checkTLS(c.TLS)
	p.checkControl(c.Control)
	p.checkControlTLS(c.Control.TLS)
	p.checkNATS(c.NATS)
	p.checkEmbedded(c)
	p.checkGRIP(c.GRIP)
	p.checkRoutes(c)
	p.checkEvents(c)
	p.checkChannels(c.Channels)
	p.checkSockets(c)
	p.checkReload(c.Reload)
	return p
}

func (p *problems) checkEnums(c Config) {
	visit(reflect.ValueOf(c), "", func(key string, v reflect.Value) {
		e, ok := v.Interface().(enum)
		if ok && !slices.Contains(e.allowed(), v.String()) {
			p.add(key, fmt.Sprintf("%q is not known", v.String()), "write "+list(e.allowed()))
		}
	})
}

// list writes values as in: a, b or c. The empty value is written "".
func list(values []string) string {
	words := slices.Clone(values)
	if i := slices.Index(words, ""); i >= 0 {
		words[i] = `""`
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func (p *problems) checkNegative(c Config) {
	visit(reflect.ValueOf(c), "", func(key string, v reflect.Value) {
		if v.CanInt() && v.Int() < 0 {
			p.add(key, fmt.Sprintf("%v is negative", v.Interface()), "write 0 or more")
		}
	})
}

// positive reports values for which 0 has no meaning.
func (p *problems) positive(key string, value int64) {
	if value == 0 {
		p.add(key, "is 0", "write more than 0, or leave the key out for its default")
	}
}

func (p *problems) checkLimits(c Config) {
	p.positive("max_channels_per_stream", int64(c.MaxChannelsPerStream))
	p.positive("server.header_timeout", int64(c.Server.HeaderTimeout))
	p.positive("server.idle_timeout", int64(c.Server.IdleTimeout))
	p.positive("server.max_header_bytes", int64(c.Server.MaxHeaderBytes))
	p.positive("control.max_body", int64(c.Control.MaxBody))
	p.positive("recovery.concurrent", int64(c.Recovery.Concurrent))
	p.positive("recovery.per_second", int64(c.Recovery.PerSecond))
	for i, route := range c.Routes {
		at := element("routes", i)
		p.positive(at+".connect_timeout", int64(route.ConnectTimeout))
		p.positive(at+".response_header_timeout", int64(route.ResponseHeaderTimeout))
		p.positive(at+".write_timeout", int64(route.WriteTimeout))
		p.positive(at+".websocket.max_message", int64(route.WebSocket.MaxMessage))
		p.checkReauthorize(at+".reauthorize", route.Reauthorize)
		if interval := route.KeepAlive.Interval; 0 < interval && interval < time.Second {
			p.add(at+".keep_alive.interval", interval.String()+" would flood the clients", "write 1s or more, or 0s for none")
		}
	}
}

// checkEvents looks at the names that Holdfast writes into event streams.
func (p *problems) checkEvents(c Config) {
	p.eventName("resume.position_event", c.Resume.PositionEvent)
	p.eventName("gap.event", c.Gap.Event)
	for i, route := range c.Routes {
		p.eventName(element("routes", i)+".reauthorize.event", route.Reauthorize.Event)
	}
	for i, parameter := range c.Resume.QueryParameters {
		if parameter == "" {
			p.add(element("resume.query_parameters", i), "is empty", "name a query parameter, or write [] for none")
		}
	}
}

func (p *problems) eventName(key, name string) {
	switch {
	case name == "":
		p.add(key, "is empty", "name the event: without a name every page would take it for a message")
	case strings.ContainsAny(name, "\r\n\x00"):
		p.add(key, fmt.Sprintf("%q has a line break or a NUL in it", name), "write one line of text")
	}
}
