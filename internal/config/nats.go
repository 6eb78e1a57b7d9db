package config

import "slices"

// NATS is the section nats.
type NATS struct {
	// The servers of one NATS, as in nats://10.0.0.4:4222, or tls://... where
	// the connection must be encrypted: a list, or one text with commas.
	// Empty: no NATS, unless nats.embedded runs one.
	URL URLs `mapstructure:"url"`
	// Who Holdfast is to NATS: a file with a JWT and its seed, as nsc writes
	// it. Or one of the ways below.
	Credentials string `mapstructure:"credentials"`
	// Or a file with the seed of an NKey.
	NKey string `mapstructure:"nkey"`
	// Or a user with its password.
	User string `mapstructure:"user"`
	// The user's password. file:PATH reads it from a file.
	Password string `mapstructure:"password"`
	// Or a token. file:PATH reads it from a file.
	Token string `mapstructure:"token"`
	// Certificates for encrypted connections.
	TLS NATSTLS `mapstructure:"tls"`
	// What our subjects begin with: PREFIX.publish and PREFIX.channels.CHANNEL.
	Prefix string `mapstructure:"prefix"`
	// Keep what is published in a JetStream stream of the servers at nats.url:
	// one order for all nodes, and a history that survives them. Off: each
	// node listens for itself. nats.embedded always keeps a stream.
	JetStream bool `mapstructure:"jetstream"`
	// Without JetStream: publish what comes over HTTP on all nodes that listen
	// to this NATS. Off: on this node alone, for those whose publishers post to
	// every node.
	Relay bool `mapstructure:"relay"`
	// How much the stream may keep; the oldest messages go first. How long and
	// how many of a channel it keeps is what channels.replay says. 0: no bound,
	// or three quarters of nats.embedded.max_store.
	MaxBytes Size `mapstructure:"max_bytes"`
	// On how many servers each message is stored, 5 at most. 0: on 3 where
	// nats.embedded.cluster names three peers or more, otherwise on 1.
	Replicas int `mapstructure:"replicas"`
	// A NATS server inside the process, instead of nats.url.
	Embedded Embedded `mapstructure:"embedded"`
}

// Stored reports whether what is published is kept in a stream.
func (n NATS) Stored() bool { return n.Embedded.Enabled() || n.JetStream && len(n.URL) > 0 }

// Relayed reports whether what comes over HTTP goes to other nodes by core NATS.
func (n NATS) Relayed() bool { return n.Relay && len(n.URL) > 0 && !n.Stored() }

// StreamBytes returns how much the stream may keep, 0 for no bound.
func (n NATS) StreamBytes() Size {
	if n.MaxBytes == 0 && n.Embedded.Enabled() {
		return n.Embedded.MaxStore / 4 * 3
	}
	return n.MaxBytes
}

// NATSTLS is the section nats.tls. With one of its files the connection is
// encrypted, whatever the URL says.
type NATSTLS struct {
	// PEM file with those who may sign the server's certificate. Empty: whom
	// the system trusts.
	CA string `mapstructure:"ca"`
	// PEM file with Holdfast's own certificate, where the server asks for one.
	Cert string `mapstructure:"cert"`
	// PEM file with its private key.
	Key string `mapstructure:"key"`
}

// URLs may be written as a list, or as one text with commas between them.
type URLs []string

// ReadSecrets returns n with what is in files in place of file:PATH. The error
// says which file cannot be read or is no single line.
func (n NATS) ReadSecrets() (NATS, error) {
	var err error
	n.Embedded.Users = slices.Clone(n.Embedded.Users)
	for _, secret := range n.secrets() {
		if *secret.value, err = readSecret(*secret.value); err != nil {
			return n, err
		}
	}
	return n, nil
}

// secret is a setting that may be in a file.
type secret struct {
	key   string
	value *string
}

// secrets are those of n.
func (n *NATS) secrets() []secret {
	all := []secret{
		{"nats.password", &n.Password},
		{"nats.token", &n.Token},
		{"nats.embedded.cluster.password", &n.Embedded.Cluster.Password},
	}
	for i := range n.Embedded.Users {
		all = append(all, secret{element("nats.embedded.users", i) + ".password", &n.Embedded.Users[i].Password})
	}
	return all
}
