package stream

// WithQueue returns o with room for n live messages that wait.
func (o Options) WithQueue(n int) Options {
	o.queue = n
	return o
}

// Alarm asks for a census of everything.
func (b *Bus) Alarm() { b.alarm() }
