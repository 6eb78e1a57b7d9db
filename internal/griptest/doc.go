// Package griptest is a GRIP proxy small enough to be read at a glance, for
// tests of what stands around Holdfast: origins, pages and clients. It holds
// streams, publishes to them and replays after a Last-Event-ID, all in one
// list under one lock. It knows no limits, no response holds and no gaps, and
// forgives everything; what a proxy has to be is in package proxy.
package griptest
