// Package quota counts how many of something each key has at once, and lets no
// key have more than a limit: streams by client address, by user, by channel.
//
// A key costs something only while it has anything. Its count goes with the last
// one that is given back, and so does the room that many keys have needed, once
// most of it is unused. What is kept is bounded by what is held, not by how many
// keys have ever come.
//
// Keys are spread over shards with a lock each, so that streams that begin and end
// on several processors seldom wait for each other. Nothing is done under a lock
// but counting.
//
// Rejected: an atomic counter per key in a sync.Map, as a count that has just come
// to nothing would have to be taken out while somebody takes it up again; and a
// cache of a fixed size, as a key that is forgotten has everything it holds for
// free.
package quota
