// Package wheel is a coarse timer wheel: many timers, one goroutine, one lock.
//
// It is made for timers that are set for seconds, hardly ever run out as set,
// and exist once per connection, as keep-alives do. A runtime timer for each
// would be moved at every message; here a message only notes the time, and
// when the timer is due its owner looks at the note and says how much longer
// to wait. So there is no work per message at all.
//
// The wheel is a ring of slots, one per tick. A timer stands in the slot of
// the tick when it is due, modulo the ring; timers that are due in a later
// turn of the ring are passed over. Timers are intrusive (a Timer is a field of
// what it times), so arming allocates nothing. While no timer is armed the
// wheel sleeps and does not tick.
//
// A timer runs out within one tick of its time, rather before it than after.
package wheel
