// Package pushpin reads Pushpin's configuration (pushpin.conf) and its routes
// file, and translates both into a configuration of Holdfast.
//
// Everything is pure: texts go in, a text and notes come out. Reading happens in
// two steps, each of which looks at everything and gives up on nothing:
//
//	ParseSettings, ParseRoutes   what is written where; lines that cannot be
//	                             read are notes
//	Translate                    what it means to Holdfast; what has no
//	                             equivalent is a note
//
// Nothing is lost silently: each setting and each option of a route is carried
// over, or is about Pushpin's own insides (its processes, their sockets and
// files) and has no meaning elsewhere, or is a Note with its line, which says
// what to do instead. A route of which only a part could be carried over is
// still written, with its notes above it; one that Holdfast would refuse, or that
// would send requests elsewhere than before, is left out with a note.
//
// What is written is valid for Holdfast. That is why some settings become
// notes rather than keys: https_ports needs certificates, whose place only the
// operator knows, and a control address that others can reach needs a token.
//
//	note.go       what could not be carried over
//	settings.go   pushpin.conf
//	routes.go     the routes file; scan.go its words
//	translate.go  all of it; rules.go, zmq.go and lost.go single settings;
//	              route.go and target.go single routes
//	document.go   the YAML
package pushpin
