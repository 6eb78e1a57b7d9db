// Package engine holds streams in event loops: on Linux a plain HTTP/1.x stream
// costs a record of some 250 bytes, a descriptor and its place in a log, and
// neither a goroutine nor a buffer.
//
// # Model
//
// A loop is a goroutine that owns sockets. It takes them over as net/http lets go
// of them (see hold.Conn) and writes to them what their cursors read. What a
// stream has to say, in which order, and when it ends, is hold.Feed's, which the
// holder with goroutines uses too: the two differ in how bytes reach a socket.
//
//	publisher ─ wake(log) ─▶ index ─ bell ─▶ loop ─▶ its audience of the log
//	epoll ──── tell(events) ─────── bell ─▶ loop ─▶ the stream
//	others ─── post(errand) ─────── bell ─▶ loop ─▶ the stream
//
// The index knows which loops have streams on a log, so that a publisher wakes
// nobody else, and each at most once until it has looked.
//
// # Invariants
//
//   - Only its loop touches a stream once it is adopted. Everybody else posts.
//   - A loop waits in Go's scheduler, never in a system call: a thread that blocks
//     in epoll_wait takes its processor along, and each wake costs twice as much.
//     So does the goroutine that watches the sockets, over a descriptor of epoll
//     that is itself in Go's poller.
//   - Sockets are watched for everything from the first moment, by edges. A
//     stream that is blocked is left alone until its edge, without a system call.
//   - What a batch was laid out as is sent as it is to the next stream that
//     stands at the same place.
//   - After 64 visits or 0.3 ms others have their turn; after 16 streams of one
//     channel another channel has.
//   - A stream that is blocked keeps the rest of one entry at most, which it
//     shares with the log. For the others the cursor goes back.
//
// Streams over TLS and HTTP/2, and responses that wait for one answer, are held
// by a hold.Goroutines inside. Both count and admit in one registry.
//
// # What was rejected
//
// A goroutine per loop that blocks in epoll_wait: 110 against 46 µs of CPU for a
// lone publish. writev: copying up to 20 KB costs no more than the vector.
// RawSyscall: 0.5 % faster, and a call that blocks would stop the world. io_uring:
// 13 to 25 % less for large batches, where it is allowed at all.
//
// # Files
//
// engine_linux.go is the holder; loop_linux.go what a loop does and when;
// stream_linux.go and life_linux.go a stream from take-over to end;
// deliver_linux.go writing; index_linux.go and seat_linux.go who follows what;
// inbox_linux.go what others want; poller_linux.go and socket_linux.go the system;
// wheel_linux.go keep-alives and deadlines.
package engine
