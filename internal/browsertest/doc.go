// Package browsertest runs a real Chromium for tests. What a page sees of
// Holdfast depends on things only a browser does: reconnecting, handing back
// Last-Event-ID, following a redirect to another site, refusing what CORS does
// not allow. A test that imitates these proves little.
//
// Chromium is looked for under the names it has on common systems; the
// environment variable CHROMIUM names another. Without one the test is skipped
// and says so. With HOLDFAST_SCREENSHOTS=dir, Screenshot keeps its pictures
// there, to be looked at by a person.
package browsertest
