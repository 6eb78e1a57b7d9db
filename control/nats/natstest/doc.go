// Package natstest runs a real NATS server inside a test's process, and takes it
// away and brings it back on the same port.
package natstest
