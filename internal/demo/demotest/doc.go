// Package demotest drives the demo's page in a browser. It does not know what
// the page is served by, so the same tests run against a stand-in beside the
// page and against the whole of Holdfast.
package demotest
