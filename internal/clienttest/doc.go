// Package clienttest holds tests with clients and libraries that others have
// published, as they are published: an origin made with a GRIP library, its
// publisher, and event-stream clients that reconnect in their own ways. What we
// write ourselves to imitate them has our own idea of the protocols; they have
// theirs.
//
// testdata/clients names them with exact versions, and has the few lines each
// that put them to use. `make clients` installs them with npm, and gripcontrol with
// pip. Where that has not been done, or where Node.js is missing, the tests are
// skipped and say so.
//
// A client is judged by what its own user would see: comeback_test.go breaks its
// connection in every way it knows, publishes meanwhile, and wants each event
// once and in order. The breaks are made by a door, a TCP proxy between client
// and nodes.
//
// The clients' versions are pinned, so that a test that fails tells of a change
// of ours. To take new ones, change package.json or requirements.txt, and
// docs/grip.md, run npm install or pip there, and the tests.
package clienttest
