package nats

import (
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
)

// Access says how a NATS is reached, and who we are to it.
type Access struct {
	// Servers are URLs of one NATS, as in nats://10.0.0.4:4222, with the scheme
	// tls where it must be encrypted. Required, unless InProcess is there.
	Servers []string
	// InProcess is the way to a server in this process, nil for none.
	InProcess nats.Option
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
}

// identity is how the client library is told who we are and whom we trust. The
// error says which file is of no use.
func (a *Access) identity() ([]nats.Option, error) {
	if len(a.Servers) == 0 && a.InProcess == nil {
		return nil, errors.New("no server is named")
	}
	all := []nats.Option{nats.Name(a.Name)}
	if a.InProcess != nil {
		all = append(all, a.InProcess)
	}
	if a.Credentials != "" {
		all = append(all, nats.UserCredentials(a.Credentials))
	}
	if a.NKey != "" {
		key, err := nats.NkeyOptionFromSeed(a.NKey)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	if a.User != "" {
		all = append(all, nats.UserInfo(a.User, a.Password))
	}
	if a.Token != "" {
		all = append(all, nats.Token(a.Token))
	}
	if a.CA != "" {
		all = append(all, nats.RootCAs(a.CA))
	}
	if a.Cert != "" {
		all = append(all, nats.ClientCert(a.Cert, a.Key))
	}
	return all, nil
}

// serverOf names the server at the other end of a connection, without secrets. The
// library has an address also for one in this process, where nobody listens.
func (a *Access) serverOf(nc *nats.Conn) string {
	if a.InProcess != nil {
		return "embedded"
	}
	return nc.ConnectedUrlRedacted()
}

// url is how the client library takes several servers.
func (a *Access) url() string { return strings.Join(a.Servers, ",") }
