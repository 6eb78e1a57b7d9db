// Package proxy is Holdfast's front door: it listens, finds the route of a
// request, forwards it to the origin and relays the answer.
//
// A request passes through in one direction, without being collected
// anywhere:
//
//	Server     listeners, TLS, HTTP/1.1 and HTTP/2; parsing is net/http's
//	quicServer the same over UDP, with HTTP/3
//	Front      the Handler of the moment, which a change of settings replaces
//	Handler    finds the route (router), refuses what has none
//	crossSite  what pages of other sites may read and send (internal/cors)
//	Limits     who has to wait: a gate per route, a pace for new streams
//	Quotas     who may have no more: a share of each for what is held
//	exchange   what is known about one request, from its start to its count
//	rewrite    what the origin is asked: target, headers, signature
//	originSet  asks an origin, and another where that does no harm (again)
//	attempt    one way to an origin, on which the transport may not ask again by itself
//	uptake     gives up origins that take nothing of a body
//	pool       who is asked: balance, health, limits
//	tokens     who is held without an origin being asked
//	respond    what the client is told: headers, body, or why there is none
//
// httputil.ReverseProxy moves the bytes. It is used with Rewrite, which strips
// what a client may not say, and with a FlushInterval of -1, so that both
// bodies stream. Where it edits what it should only pass on (queries, request
// trailers, invented content types) the edit is undone here; each place says
// so.
//
// What must hold:
//
//   - The request target reaches the origin byte for byte unless the route
//     rewrites its prefix. The one exception is told at setTarget.
//   - Grip-* fields cross this package in neither direction: not in headers,
//     not in trailers, not in interim responses. Only our own go to the origin.
//     The exception is a GRIP proxy in front that signs with a known key: then the
//     headers are between it and the origin; see fromProxy.
//   - A body that the origin cut short is cut short for the client too; it
//     never ends as if it were whole. In HTTP/1.0 that takes a reset.
//   - Two messages that two parsers could frame differently are never read
//     from one connection; see unsureFraming.
//   - The place from which a held stream starts is noted when the origin's
//     head has arrived, before anything else happens to the answer.
//   - What is held has its share of the quotas until its end: the exchange gives it
//     back, unless a stream has taken it along (counted).
//   - Every request is counted once, by its outcome, and every failure by its
//     Reason.
//
// An answer with a GRIP instruction is not relayed. ReverseProxy is told to
// stop, and once it has returned Handler.follow does as instructed with the
// answer, whose body is still open then.
//
// Held responses go back to their origin for what their log cannot give them:
//
//	linked     a stream's next link and its state; hold.Link is the holder's side
//	recovery   a route's desk, at which requests are grouped and paced
//	turn       one request for a link, and its answer, a page
//	repeat     a response hold's own request, once more
//	sendPages  a response without a hold that goes on in pages
//	farewells  telling origins of clients that have gone
//
// A request for a link carries nothing of the client's, so its answer can be for many
// streams; a repeated request carries everything, and its answer is for nobody else.
//
// A request goes to another origin when a connection could not be made, which
// proves that nobody has acted on it; and once, if it is safe and has no body,
// when a connection broke before a byte of the answer.
//
// A change of settings makes a new Handler; nothing in one ever changes. The old one
// serves those who began with it, and is gone with the last of them (users). What may
// not be there twice is shared by all (lineage), or handed on where it still fits (passage):
// the pace at which origins are asked, their health, who waits for them.
//
// Rejected: a Handler whose routes are replaced under it. Whoever reads them twice on
// the way of one request may see two configurations.
//
// Rejected: a descriptor in reserve, with which connections are accepted and
// closed at once while no other is left. In a storm descriptors come free all
// the time: who waits in the system's queue is served milliseconds later, who
// is closed has seen an error. See enduring.
//
// Rejected: asking origins how they are. A probe finds out what requests find
// out as well, and says well of an origin that answers probes only.
package proxy
