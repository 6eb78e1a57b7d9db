package config

import "time"

// Embedded is the section nats.embedded.
type Embedded struct {
	// Where the server keeps messages and its own name. Setting it is what
	// runs the server. The directory is made if need be, and belongs to one
	// process at a time. Empty: there is no server in the process.
	StoreDir string `mapstructure:"store_dir"`
	// How much the messages on disk may take. Beyond it, publishing fails.
	MaxStore Size `mapstructure:"max_store"`
	// The same for what the server keeps in memory only.
	MaxMemory Size `mapstructure:"max_memory"`
	// How large one message may be with its headers. It must leave room for
	// what control.max_body lets in.
	MaxPayload Size `mapstructure:"max_payload"`
	// How often what was stored is forced to the disk. If the process is
	// killed nothing is lost, at a power cut what is younger than this and
	// on no other server.
	SyncInterval time.Duration `mapstructure:"sync_interval"`
	// Force each message to the disk before its publisher is told that it is
	// stored. Publishing is then about twenty times slower.
	SyncAlways bool `mapstructure:"sync_always"`
	// What the server is called in its cluster. No other may be called the
	// same, and it may not change while the store lives. Empty: made from
	// the machine's name and store_dir, and kept there.
	ServerName string `mapstructure:"server_name"`
	// Address where other NATS clients connect, as in 127.0.0.1:4222. Empty:
	// only Holdfast itself uses the server. An address that others can reach
	// needs users.
	Listen string `mapstructure:"listen"`
	// Who may connect there. None: everybody who reaches it.
	Users []EmbeddedUser `mapstructure:"users"`
	// Certificates for clients that connect there. With ca, clients must
	// show a certificate too.
	TLS EmbeddedTLS `mapstructure:"tls"`
	// The other servers. Without it, the server is alone.
	Cluster EmbeddedCluster `mapstructure:"cluster"`
}

// EmbeddedUser is one element of nats.embedded.users.
type EmbeddedUser struct {
	// The user's name.
	User string `mapstructure:"user"`
	// The user's password. file:PATH reads it from a file.
	Password string `mapstructure:"password"`
	// The subjects that the user may publish to, as in
	// holdfast.channels.shop.>. Empty: all but those that only Holdfast and
	// the server may.
	Publish []string `mapstructure:"publish"`
	// The subjects that the user may subscribe to. Empty: _INBOX.>, which is
	// answers to its own requests.
	Subscribe []string `mapstructure:"subscribe"`
}

// EmbeddedCluster is the section nats.embedded.cluster.
type EmbeddedCluster struct {
	// The cluster's name, the same on all servers. Setting it is what makes
	// the server one of several.
	Name string `mapstructure:"name"`
	// Address where the other servers connect, as in :6222. An address that
	// others can reach needs user or tls.
	Listen string `mapstructure:"listen"`
	// The address by which they reach it, where that is another, as in
	// holdfast-1.example.com:6222.
	Advertise string `mapstructure:"advertise"`
	// All servers of the cluster, host:port each. The list may be the same
	// everywhere: each server leaves itself out.
	Peers []string `mapstructure:"peers"`
	// By which the servers know each other; the same on all.
	User string `mapstructure:"user"`
	// The password that goes with it. file:PATH reads it from a file.
	Password string `mapstructure:"password"`
	// Certificates for the connections between the servers. Both sides show
	// theirs, so it must be good for servers and for clients.
	TLS EmbeddedTLS `mapstructure:"tls"`
}

// EmbeddedTLS names the files of an encrypted listener. With one of them it is
// encrypted.
type EmbeddedTLS struct {
	// PEM file with those who may sign the other side's certificate.
	CA string `mapstructure:"ca"`
	// PEM file with Holdfast's own certificate.
	Cert string `mapstructure:"cert"`
	// PEM file with its private key.
	Key string `mapstructure:"key"`
}

// Enabled reports whether a server runs in the process.
func (e Embedded) Enabled() bool { return e.StoreDir != "" }

// Clustered reports whether it is one of several.
func (e Embedded) Clustered() bool { return e.Cluster.Name != "" }

// minClusterReplicas is the smallest number of copies that survives the loss of a
// server without a pause, since more than half must be there.
const minClusterReplicas = 3

// StoredOn returns on how many servers each message is stored, 1 at least.
func (n NATS) StoredOn() int {
	switch {
	case n.Replicas > 0:
		return n.Replicas
	case n.Embedded.Clustered() && len(n.Embedded.Cluster.Peers) >= minClusterReplicas:
		return minClusterReplicas
	default:
		return 1
	}
}
