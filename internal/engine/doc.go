// Package engine holds streams in event loops: on Linux a plain HTTP/1.x stream
// costs a record of some 250 bytes, a descriptor and its place in a log, and
// neither a goroutine nor a buffer. Over TLS the keys come on top.
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
// Streams over HTTP/2 and HTTP/3, those whose filters change the content, and responses that
// wait for one answer, are held by a hold.Goroutines inside. Both count and admit in one registry.
//
// # TLS
//
// A tls.Conn wants a connection that blocks, and cannot be given another one.
// So it is made over a hold.Conn in the first place, and when the stream has
// been hijacked, its loop takes the place of what that was wrapped around:
//
//	feed ─▶ tls.Conn.Write ─▶ bearer ─▶ loop.sealed ─▶ one send ─▶ socket
//	                                       └─ what it does not take ─▶ baggage
//	socket ─▶ bearer ─▶ tls.Conn.Read ─▶ nobody
//
// Write takes everything, for an error of it would be final; so the loop feeds a
// record only when the system has taken the one before, and a stream that is
// stuck keeps one record, 16 KiB, and the rest of one entry as others do. Read
// says EAGAIN, which a tls.Conn takes for temporary, in the middle of a record
// too. What is read may ask for an answer (KeyUpdate), so a blocked stream is
// not read until it goes on; how much a client may send is counted before
// decryption, so that it holds for such messages. Renegotiation and whatever
// else a tls.Conn does not like end the stream, with an alert.
//
// Half of an idle tls.Conn is two buffers that the handshake has grown. They are
// given up when they are empty, by way of unexported fields. That, and what
// Read and Write are relied on for, is tried when an engine is made: should a
// later Go do otherwise, a line is logged and the streams go to the holder with
// goroutines.
//
// # What was rejected
//
// A goroutine per loop that blocks in epoll_wait: 110 against 46 µs of CPU for a
// lone publish. writev: copying up to 20 KB costs no more than the vector.
// RawSyscall: 0.5 % faster, and a call that blocks would stop the world. io_uring:
// 13 to 25 % less for large batches, where it is allowed at all. Kernel TLS: not
// every kernel has it, and keys that change need crypto/tls all the same. A TLS
// of our own: it would have to be as good as Go's.
//
// # Files
//
// engine_linux.go is the holder; loop_linux.go what a loop does and when;
// stream_linux.go and life_linux.go a stream from take-over to end;
// deliver_linux.go writing; index_linux.go and seat_linux.go who follows what;
// inbox_linux.go what others want; poller_linux.go and socket_linux.go the system;
// wheel_linux.go keep-alives and deadlines. secure_linux.go is TLS over a socket,
// secure_buffers_linux.go what is given up of it, and secure_trial_linux.go
// whether that may be done.
package engine
