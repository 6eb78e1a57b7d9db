// Package cors decides what pages of other sites may read and do. It looks at
// headers and writes headers; it serves nothing.
//
// A page's origin is its scheme, host and port, as the browser sends it in
// Origin (RFC 6454; not to be confused with the APIs that Holdfast calls
// origins, and which are called servers in this package). Sites is a list of
// them. Two things are decided by it:
//
//   - Policy says what a page may read (the CORS protocol, Fetch §3.2). It
//     answers preflights without the server, and completes the heads of all other
//     answers, whoever made them.
//   - Sites.Foreign says whether a request is one that a page of a site outside of
//     the list has made a browser send, with the user's credentials. CORS does not
//     keep such a request from being made: it hides the answer. A WebSocket it does
//     not even hide.
//
// What a server says itself about CORS is neither replaced nor believed
// blindly. Both it and the policy must agree to let a page read:
//
//   - Sites that are not in the list get no Access-Control-* field, whoever wrote
//     it. So the list is a bound that holds for every answer.
//   - An answer with an Access-Control-Allow-Origin of the server's keeps its
//     fields as they are, and nothing is added: the server knows for whom this
//     answer is. Above all credentials are not added. Who is allowed to read what
//     everybody gets is not thereby allowed to read what the user gets.
//   - Access-Control-Allow-Credentials goes where the policy has none.
//
// Rejected: to replace what the server says. One answer that it lets nobody read
// would be for all of the list. Rejected: to let the server's word stand for
// every site. The list would promise what it does not keep.
//
// Answers that differ by the page carry Vary: Origin, and those to requests
// without an Origin as well, or a cache would serve these to pages. With * and
// without credentials no answer differs, so there it is left out (Fetch §3.2.5).
//
// A request of a page that may not read is not refused for that: it goes to the
// server as it would from a program, and its answer has no permission. To refuse it
// is the work of Sites.Foreign, where that is wanted. A preflight is refused,
// since nothing else can come of it.
package cors
