// Package control is the HTTP way in for publishers and operators: publishing,
// looking at channels and streams, ending and revoking them, reloading, health, metrics.
//
// # Model
//
// A Handler is a table of endpoints. Most are an operation: a function from a
// request to an answer, or to an error. The handler writes both, as text or as
// JSON by what the request accepts, so no operation touches a ResponseWriter
// and one function (problemOf) knows which error has which status. The rest
// (metrics, the OpenAPI document, profiles) are handlers of their own.
//
// POST /publish/ takes what Pushpin takes and answers what Pushpin answers, so
// every GRIP library works with nothing but a host name changed. What Pushpin
// refuses for reasons of its own server (chunked bodies, several requests on
// one connection, a query string) is taken.
//
// # Invariants
//
//   - A request is published whole or not at all: the body is read to its end
//     before package intake, which all ways to publish share, is given it.
//   - The answer to a publication comes when the items have their places, and
//     never waits for a client.
//   - A client sees why it was refused: a body over the limit is read on (up to
//     a bound) before it is answered, for an answer on a connection that is
//     reset is lost.
//   - Without tokens nothing that a web page can send is taken, see guard.
//   - Every endpoint declares the right that it needs, by method, in the table; so
//     none can be forgotten. What a token is good for is decided in package access.
//   - Every call that is refused for who calls is counted by its reason, and has a
//     line in the log, but for floods. Neither shows a token.
//   - Channel names never become metric labels.
//
// # Not done, and why
//
// Basic authentication: GRIP libraries send a token, or sign a JWT with it, and a
// third way would be a second kind of secret with the same power.
//
// A client's address is that of its connection. Headers in which a proxy names
// another are not read: the address is only there to slow down who guesses, and
// who does would write what they like.
//
// There is no write timeout in the server, because profiles take longer than
// any sensible one; each answer sets its own deadline.
//
// # Files
//
// handler.go, routes.go, recorder.go: from a request to its endpoint and back.
// guard.go, bearer.go: who may (and package access). denied.go, audit.go: who may
// not. accept.go, answer.go, problem.go: how answers are written. body.go,
// query.go: what requests carry. endpoints.go: the table; publish.go, event.go,
// channels.go, cluster.go, streams.go, revoke.go, reload.go, health.go, docs.go,
// profile.go: what is in it.
// metrics.go, collector.go: what is counted. server.go: the http.Server with its
// limits.
package control
