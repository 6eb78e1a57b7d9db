// Package demo is the origin behind `holdfast demo`, and the example of how to
// write one. It uses net/http alone, has no way into Holdfast but the two that
// every backend has, and would run unchanged behind any GRIP proxy:
//
//   - It answers a request with an instruction ("hold this open, it belongs to
//     these channels") and is done with it. See hold.go.
//   - It publishes items to channels at the control endpoint, without knowing
//     who is connected. See publish.go.
//
// The same stream can be set up in two ways, and the page can switch between
// them. Proxied: the browser asks for /events, Holdfast passes the request on,
// the answer is the hold. Redirected: the browser asks for /connect, which
// answers 307 to Holdfast's public URL with a signed token in the query;
// Holdfast calls /setup with that query and gets the hold there. The second
// way is for an API that sits behind something that cuts long requests. See
// redirect.go.
//
// # What an origin has to get right
//
// It gives its events ids that are unique in all its channels, and it puts the
// id into the event. The browser returns the last one by itself, Holdfast finds
// the place, and nothing is missed; the origin keeps no history.
//
// It decides from its own session who may follow which channel. The user of
// this demo is a query parameter, because it has no accounts; a real origin
// must never take the user from there.
//
// # How the page goes offline
//
// A page that closes its EventSource loses the last id with it, so that would
// show nothing. Instead the origin publishes to the user's channel an event
// with a `retry:` of five seconds and then the GRIP action `close`: the stream
// ends, and the browser comes back by itself after that time, with its
// Last-Event-ID, as it would after a cut network. See cut.go.
package demo
