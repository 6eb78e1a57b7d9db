// Package filter decides what of its channels a held response gets, and as which
// bytes (GRIP: filters).
//
// # Model
//
// A [Set] is made of an instruction: the filters that each of its channels names,
// and the meta that says who the client is. Whoever reads the response's cursor
// asks it about each entry, in order. An entry that is kept from the response has
// been read all the same: the cursor is past it, and its id is a place to come back
// to. A replay is read like everything else, so it is filtered like everything
// else.
//
// There are two kinds. skip-self, skip-users and require-sub decide about whole
// entries by what the item says ([wire.Meta]); what passes is the bytes that all
// streams share, so they work in any holder. build-id and var-subst change bytes:
// such a response has its own copy of everything, and a place that only it knows.
// [Set.Rewrites] tells, so that its holder can keep it apart.
//
// A response without filters has no Set. Methods of a nil Set are those of one that
// lets everything through.
//
// # WebSockets
//
// The origin of a WebSocket subscribes its client to channels one by one, each with
// filters of its own, and says who the client is as it goes: such a Set is made by
// [NewLive] and changes. What is said holds for what is read afterwards. An item that
// was published before but is not read yet is later in that sense.
//
// # Failures
//
// What cannot be rewritten (a variable that the client's meta does not have) is
// kept from the response, counted and logged, and the response goes on, as in
// Pushpin 2. So is what is for other content filters than the response has.
//
// # Coming back
//
// build-id is for ids that origins can read: id_format names the channels whose last
// item ids make up an id. [Set.Seen] reads such an id, so that a client which returns
// with it goes on after those items without the origin's help.
//
// # Files
//
// set.go: a Set and what it lets through. live.go: one that changes. content.go:
// build-id and var-subst. template.go: the format language. seen.go: ids that come
// back. metrics.go.
package filter
