// Package grip reads and writes GRIP (Generic Realtime Intermediary Protocol)
// as it stands on the wire: instructions in an origin's answer, items that
// publishers send, and the signature that tells an origin who is asking. All of
// it is pure; nothing here holds, publishes or connects.
//
// The contract is Pushpin's, by the behaviour that its users rely on. What
// differs on purpose:
//
//   - An instruction that cannot be read is an error as a whole. Pushpin skips
//     list members that it cannot parse, and drops channels over its limit.
//   - Inside <...> of Grip-Link, "," and ";" are part of the link.
//   - A filter that is not known is an error, in a hold and in content-filters.
//   - Parameter names are compared without regard to case, "filter" too.
//   - Every pair of a Grip-Set-Meta member counts, not only the first.
//   - A cstring may have \t; any other unknown escape is an error, not dropped.
//   - Base64 must be valid, in instructions and in items.
//   - The JSON keep-alive has a mode, idle by default as in the header, and one
//     without content is an error.
//   - The media type of a JSON instruction is compared without regard to case.
//   - A Grip-Expose-Headers that names no header exposes none.
//   - Nothing that cannot stand in a response head gets into one: header names,
//     values and reason phrases are checked, statuses are 200 to 599.
//   - Ours: the channel parameter replay=off or replay=30s, Grip-Expires, the
//     publish format "sse".
//   - Ours: a JSON hold that stands by itself, in a token (ParseHold).
//
// A publish is refused as a whole, in Pushpin's words for its first bad item.
// For a single item, which is what GRIP libraries send, that is the whole text;
// of several, " (item 3)" behind it says which, counted from 0.
//
// JSON is read by splitting a text that has been validated once as a whole, so
// no value is copied or looked at more often than it must be, and keys are
// matched exactly: encoding/json would take "Channel" for "channel", which
// whoever checks publishes before us may not. Of a key that an object has twice
// the last value counts.
package grip
