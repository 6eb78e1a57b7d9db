package channels

// Log is a channel's bounded list of recent entries.
type Log struct{ name string }

// Name is the channel's name.
func (l *Log) Name() string { return l.name }
