package config

import "time"

// Channels is the section channels.
type Channels struct {
	// What each channel keeps for clients that come back. The first limit
	// that is reached counts.
	Replay Replay `mapstructure:"replay"`
	// How far a connected client may lag behind: it is too slow once it is
	// behind by more than both of these.
	SendWindow SendWindow `mapstructure:"send_window"`
	// How much memory all channels together may use. Beyond it, first the
	// channels that have been without clients for longest are dropped, then
	// the oldest messages of the largest.
	MemoryLimit Size `mapstructure:"memory_limit"`
	// How many channels without clients are remembered.
	Idle int `mapstructure:"idle"`
	// How long a message's id is remembered, so that the same message is not
	// published twice.
	Dedup Dedup `mapstructure:"dedup"`
	// What happens to a message whose prev-id names one that is not there
	// yet.
	Park Park `mapstructure:"park"`
	// Other limits for channels by the beginning of their name; the longest
	// prefix that fits counts. Limits that an element leaves out are those
	// of channels.replay and channels.send_window.
	Overrides []Override `mapstructure:"overrides"`
}

// Replay limits what a channel keeps for clients that come back.
type Replay struct {
	// How many messages. 0: nothing is kept for them.
	Messages int `mapstructure:"messages"`
	// How many bytes.
	Bytes Size `mapstructure:"bytes"`
	// For how long. 0s: without a limit of time.
	Age time.Duration `mapstructure:"age"`
}

// SendWindow limits how far a connected client may lag behind.
type SendWindow struct {
	// Behind by how many messages.
	Messages int `mapstructure:"messages"`
	// Behind by how many bytes.
	Bytes Size `mapstructure:"bytes"`
}

// Dedup is the section channels.dedup.
type Dedup struct {
	// For how long. 0s: ids are not compared.
	Window time.Duration `mapstructure:"window"`
	// How many ids of all channels together; the oldest are forgotten first.
	IDs int `mapstructure:"ids"`
}

// Park is the section channels.park.
type Park struct {
	// How long it waits for the missing one before it is published all the
	// same.
	Wait time.Duration `mapstructure:"wait"`
	// How many may wait per channel. 0: nothing waits.
	Items int `mapstructure:"items"`
}

// Override is one element of channels.overrides. After Load its limits are
// complete.
type Override struct {
	// The beginning of the channels' names.
	Prefix string `mapstructure:"prefix"`
	// Instead of channels.replay.
	Replay Replay `mapstructure:"replay"`
	// Instead of channels.send_window.
	SendWindow SendWindow `mapstructure:"send_window"`
}
