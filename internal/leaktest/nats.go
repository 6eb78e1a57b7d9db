package leaktest

import "go.uber.org/goleak"

// PublishedByNATS passes over a goroutine that nats.go loses now and then when a
// connection ends just as its first publication with an answer is under way: it waits
// for a channel that was taken away before it looked (jetstream, v1.55).
func PublishedByNATS() goleak.Option {
	return goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect")
}
