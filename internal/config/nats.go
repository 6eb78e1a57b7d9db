package config

// NATS is the section nats.
type NATS struct {
	// The servers of one NATS, as in nats://10.0.0.4:4222, or tls://... where
	// the connection must be encrypted: a list, or one text with commas.
	// Empty: nothing is taken over NATS.
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
	if n.Password, err = readSecret(n.Password); err != nil {
		return n, err
	}
	n.Token, err = readSecret(n.Token)
	return n, err
}
