// Package servetest runs the real holdfast program for tests that stand outside
// of it: the examples, the load tool. It builds the program and starts it as a
// process of its own on free ports.
package servetest
