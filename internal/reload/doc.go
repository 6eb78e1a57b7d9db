// Package reload decides when settings are read again, and has it done: when the
// process is told to by a signal, when one of their files has changed, or when an
// operator asks. It knows neither settings nor what is set by them; Options.Apply does
// the work.
//
// What must hold:
//
//   - One reload at a time. Whoever asks during one waits for it, and gets one of his
//     own.
//   - A burst is one reload: files are read when they have stood still, and signals
//     that come during a reload are one.
//   - After the end, which begins with the drain, nothing is read any more.
//   - Every reload is logged and counted with what came of it.
//
// # Why files are looked at
//
// A change is noticed by looking at all files every two seconds or so, not by being
// told of it (inotify, kqueue). Who wants to be told must watch the folders that the
// files are in, every folder that a link on the way leads through, and what takes the
// place of a folder that is swapped, which is how Kubernetes updates a ConfigMap or a
// Secret: a link to a folder of links to files. He is told nothing by file systems over
// a network, may be told too late to watch what came meanwhile, and must look all the
// same to find out what has happened. Looking follows links by itself, notices a file
// that comes into being, is the same on all systems, and costs a call of stat per file:
// a few microseconds for the handful of files that a configuration has.
//
// A file has changed when it is another file than before, or has another length, mode
// or time of change. A program that writes slowly is waited for: files are read when
// they have not changed for a fifth of a second. So what is read may still be half of
// what will be written, but then another change follows, and another reload.
package reload
