//go:build !race

package proxy

// underRace is whether the race detector is at work, which watches 8128 goroutines at most.
const underRace = false
