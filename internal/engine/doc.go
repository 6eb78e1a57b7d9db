// Package engine holds streams in event loops.
package engine
