package errand

import (
	"math/rand/v2"
	"time"
)

// Tries is how often what has failed is tried again.
const Tries = 5

// Backoff is how long to wait before trying again what has failed so often: first,
// then twice as long and so on, up to 16 times, each up to first longer at random.
func Backoff(first time.Duration, failures int) time.Duration {
	return first<<min(max(failures-1, 0), Tries-1) + rand.N(first)
}
