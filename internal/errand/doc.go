// Package errand has errands run at a bounded pace.
//
// When something breaks it breaks for many: ten thousand streams that all want to
// ask the same origin at the same moment. A [Desk] takes their errands, lets each
// wait for a random moment, and runs few at once and not too many in a second.
// Errands with the same key that have not begun are one: who comes while it waits
// joins it. Nobody joins one that has begun, for its answer may be older than the
// reason for which it is wanted.
//
// What waits is a record and a timer, not a goroutine. Workers live as long as
// there is something due.
package errand
