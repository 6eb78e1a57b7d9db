// Package intake is what all ways to publish have in common: it makes items of
// what a publisher has sent, hands them to a channels.Publisher, counts them,
// and says what became of them. The HTTP endpoint (package control) and the
// brokers' packages below it differ in how bytes come and answers go, and in
// nothing else, so that a payload means the same wherever it is sent.
//
// # Invariants
//
//   - A payload is published whole or not at all: every item is checked before
//     the first reaches the publisher, which takes a batch in one step.
//   - So a gate is asked of every item before the first is published.
//   - Problem is the one place that knows which error of publishing has which
//     status, and what the publisher is told.
//
// intake.go takes payloads, gate.go those of publishers who may not publish
// everything; receipt.go, problem.go and answer.go are the answers;
// metrics.go is what is counted.
package intake
