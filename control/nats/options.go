package nats

import (
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/intake"
)

// DefaultPrefix begins the subjects when Options does not say otherwise.
const DefaultPrefix = "holdfast"

// defaultQueue is how many messages may wait to be published. It is a few tens
// of milliseconds of small messages at the rate at which they are published.
const defaultQueue = 16 << 10

// Options are a Source's parts. New reads them once.
type Options struct {
	// Servers are URLs of one NATS, as in nats://10.0.0.4:4222, with the scheme
	// tls where it must be encrypted. Required.
	Servers []string
	// Name is what the server calls the connection.
	Name string

	// Who we are: one of these ways, or none.
	Credentials    string // file with a JWT and its seed, read at each connect
	NKey           string // file with an NKey's seed, read at each connect
	User, Password string
	Token          string

	// PEM files, read at each connect. With one of them the connection is
	// encrypted, whatever the scheme.
	CA        string // who signs the server; empty: the system's
	Cert, Key string // who we are; empty: nobody

	// Prefix begins the subjects. Empty: DefaultPrefix.
	Prefix string
	// Intake takes what is published. Required.
	Intake *intake.Intake
	// Metrics counts messages and what becomes of the connection. Required.
	Metrics *Metrics
	// Log gets what becomes of the connection, and refused messages at Warn, at
	// most one a minute. Required.
	Log *zap.Logger

	queue int // how many messages may wait
}

// complete fills in what is empty.
func (o *Options) complete() error {
	if len(o.Servers) == 0 {
		return errors.New("no server is named")
	}
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	if o.queue == 0 {
		o.queue = defaultQueue
	}
	return checkPrefix(o.Prefix)
}

// identity is how the client library is told who we are and whom we trust. The
// error says which file is of no use.
func (o *Options) identity() ([]nats.Option, error) {
	all := []nats.Option{nats.Name(o.Name)}
	if o.Credentials != "" {
		all = append(all, nats.UserCredentials(o.Credentials))
	}
	if o.NKey != "" {
		key, err := nats.NkeyOptionFromSeed(o.NKey)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	if o.User != "" {
		all = append(all, nats.UserInfo(o.User, o.Password))
	}
	if o.Token != "" {
		all = append(all, nats.Token(o.Token))
	}
	if o.CA != "" {
		all = append(all, nats.RootCAs(o.CA))
	}
	if o.Cert != "" {
		all = append(all, nats.ClientCert(o.Cert, o.Key))
	}
	return all, nil
}

// url is how the client library takes several servers.
func (o *Options) url() string { return strings.Join(o.Servers, ",") }
