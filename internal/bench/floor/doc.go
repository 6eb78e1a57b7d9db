// Package floor is the least that a server of event streams written in Go can do,
// so that a comparison has a floor: what a request, a socket and a write cost
// where nothing else happens. It has no history, no limits and no keep-alive, and it
// asks an origin only if it is told to; nobody should use it for anything else. It
// can also be a bare reverse proxy that holds nothing, the floor of a round trip.
//
// Connections are taken over from net/http as raw descriptors. One loop has them
// all: it parks on a Go channel for what is published, and writes each body to
// each descriptor with one system call. Hang-ups come from an epoll set of their
// own. A stream whose socket is full holds up the loop until it has room, and is
// closed when that takes too long; a real server must not do that, which is a part
// of what a real one costs more.
package floor
