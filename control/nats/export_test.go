package nats

// WithQueue returns o with room for n waiting messages.
func (o Options) WithQueue(n int) Options {
	o.queue = n
	return o
}
