package proxy

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// recoveryOutcome says what became of a held response that asked its origin.
type recoveryOutcome string

const (
	recoveryDone   recoveryOutcome = "recovered"   // it goes on with the origin's answer
	recoveryEnded  recoveryOutcome = "ended"       // the origin's answer was its end
	recoveryFailed recoveryOutcome = "failed"      // the client is told of a gap, or it ends
	recoveryGone   recoveryOutcome = "client_gone" // it ended before there was an answer
)

// linkResult says how an origin answered a request for a link.
type linkResult string

const (
	linkAnswered linkResult = "answered"
	linkStatus   linkResult = "bad_status"
	linkRefused  linkResult = "bad_instruction"
	linkFailed   linkResult = "failed" // no answer, or not a whole one
)

// goneResult says whether an origin was told of a client that has gone.
type goneResult string

const (
	goneTold    goneResult = "told"
	goneGivenUp goneResult = "given_up" // it was asked in vain, or there was no time left
	goneDropped goneResult = "dropped"  // too many were waiting
)

// recoveryMetrics count what is asked of origins beyond clients' requests.
type recoveryMetrics struct {
	recoveries, requests, gone *prometheus.CounterVec
}

func newRecoveryMetrics(reg prometheus.Registerer) recoveryMetrics {
	f := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: "holdfast_" + name, Help: help}, labels)
	}
	return recoveryMetrics{
		recoveries: counter("recoveries_total", "Held responses that asked their origin, by route, why, and what came of it.", "route", "trigger", "outcome"),
		requests:   counter("recovery_requests_total", "Requests to origins on behalf of held responses, one of which may serve many, by route and result.", "route", "result"),
		gone:       counter("gone_total", "Clients of whose leaving an origin wanted to be told, by route and result.", "route", "result"),
	}
}

// recoveryCounts are the counters of one route, resolved once.
type recoveryCounts struct {
	recoveries map[recoveryLabels]prometheus.Counter
	requests   map[linkResult]prometheus.Counter
	gone       map[goneResult]prometheus.Counter
}

type recoveryLabels struct {
	trigger hold.Trigger
	outcome recoveryOutcome
}

// triggers are all reasons to ask an origin.
func triggers() []hold.Trigger {
	all := []hold.Trigger{hold.OnHint, hold.OnCommand, hold.OnTimeout, onPatch, onRestart}
	for _, reason := range gapReasons() {
		all = append(all, hold.Trigger(reason))
	}
	return all
}

func gapReasons() []channels.Reason {
	return []channels.Reason{channels.Evicted, channels.Unknown, channels.Epoch, channels.Missing, channels.Lag, channels.Bus}
}

func (m *recoveryMetrics) route(name string) recoveryCounts {
	c := recoveryCounts{
		recoveries: map[recoveryLabels]prometheus.Counter{},
		requests:   map[linkResult]prometheus.Counter{},
		gone:       map[goneResult]prometheus.Counter{},
	}
	for _, result := range []goneResult{goneTold, goneGivenUp, goneDropped} {
		c.gone[result] = m.gone.WithLabelValues(name, string(result))
	}
	for _, t := range triggers() {
		for _, o := range []recoveryOutcome{recoveryDone, recoveryEnded, recoveryFailed, recoveryGone} {
			c.recoveries[recoveryLabels{t, o}] = m.recoveries.WithLabelValues(name, string(t), string(o))
		}
	}
	for _, result := range []linkResult{linkAnswered, linkStatus, linkRefused, linkFailed} {
		c.requests[result] = m.requests.WithLabelValues(name, string(result))
	}
	return c
}

// recovered counts a held response that asked its origin.
func (c *recoveryCounts) recovered(t hold.Trigger, o recoveryOutcome) {
	c.recoveries[recoveryLabels{t, o}].Inc()
}

// asked counts a request for a link.
func (c *recoveryCounts) asked(err error) {
	result := linkFailed
	var status errLinkStatus
	var page *errPage
	switch {
	case err == nil:
		result = linkAnswered
	case errors.As(err, &status):
		result = linkStatus
	case errors.As(err, &page):
		result = linkRefused
	}
	c.requests[result].Inc()
}
