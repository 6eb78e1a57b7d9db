package websocket

// Quota bounds what sessions have of what many share. Its methods are called by the
// session's goroutine for the origin and do not block. An error means that there is no
// room now, and ends the session; it need not give anything back then.
type Quota interface {
	// Join counts the session for a channel, by its whole name, in which it is not
	// yet. Leave undoes it.
	Join(channel string) error
	Leave(channel string)
	// Note learns what the origin says of the client.
	Note(meta, value string) error
}

// unbounded is a Quota without bounds.
type unbounded struct{}

func (unbounded) Join(string) error { return nil }

func (unbounded) Leave(string) {}

func (unbounded) Note(string, string) error { return nil }

// crowded is the end when a Quota has no room.
func crowded(err error) *Ending {
	return &Ending{Reason: ReasonCrowded, Err: err, code: codeTryLater, text: "too many are connected"}
}
