// Package certs keeps the certificates, keys and authorities that were read from
// files current while the files change.
//
// # Model
//
// A Store has read some files and looks at them again and again. What it made of
// them is a Certificate or an Authority, whose Current is what was last of use.
// Whoever shakes hands asks for Current anew each time: a Set does for servers, by
// the name that the client asks for, ServerConfig and ClientConfig for those who
// need more. So a change concerns new connections; a connection that stands, and a
// stream that is held on it, has its keys and never hears of it.
//
// # Invariants
//
//   - What is current is whole: a certificate with the key that belongs to it, an
//     authority with one certificate at least. Files that are not leave it in
//     place, with a line in the log and a count; there is one per change, not one
//     per look.
//   - The certificate and its key are two files, and are replaced one after the
//     other; a file may be found half written, and what is there of a chain may even
//     parse. So a change is taken up when two looks in a row have found the same.
//     Reload, which somebody asks for who knows that the files are ready, does not
//     wait.
//   - Keys are in no log line and no error.
//
// # Looking
//
// Every five seconds the files are read, and compared with what was read before.
// That costs some ten microseconds a file, which are all in the page cache, and
// needs no case of its own for anything: a file that is written to, one that
// another is renamed over, a symbolic link, or a directory above the file that is
// one, as Kubernetes swaps them for secrets, network file systems.
//
// Rejected: being told by the system (inotify, kqueue). It watches directories,
// not paths: of a path through three symbolic links every directory must be watched,
// and watched anew when a link changes; NFS and some container file systems tell
// nothing; and it would have to be looked at from time to time all the same.
// Rejected: comparing times of modification, which do not move where files are
// deployed with their old times (archives, rsync -t), or in a fast system's one
// tick.
package certs
