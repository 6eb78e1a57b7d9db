// Command holdfast turns any HTTP API into a realtime API: it is the reverse
// proxy, the client that publishes, and what goes with them.
//
// main only turns what run returns into an exit code; the tests call run too.
// Each command is a file with one function that makes its cobra.Command; the
// commands are listed in root.go. node.go makes the parts, with options.go that
// turns a Config into theirs, and is the only place that knows them all.
//
// Exit codes: 0 for success, 1 for failure, 2 for a command line that makes no
// sense.
package main
