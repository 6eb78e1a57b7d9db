package pace

import (
	"math/rand/v2"
	"time"
)

// Tries is how often what has failed is tried again.
const Tries = 5

// Backoff is how long to wait before trying again what has failed so often: 1, 2,
// 4, 8 and 16 seconds, each up to a second longer at random (GRIP: next link).
func Backoff(failures int) time.Duration {
	return time.Second<<min(max(failures-1, 0), Tries-1) + rand.N(time.Second)
}
