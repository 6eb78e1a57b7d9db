package embedded

import (
	"crypto/rand"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// How a user may connect, in the server's words.
const (
	overMemory  = "IN_PROCESS"
	overNetwork = "STANDARD"
)

// anonymous is the user without a name, where none is configured.
const anonymous = "anonymous"

// administration is JetStream's API. A client that may define a stream or a
// consumer chooses where its messages go, which the server does not hold against
// the client's own rights; one that may ask for a stored message chooses where the
// answer goes. Publishing with acknowledgement does not need the API.
const administration = "$JS.API.>"

// answers are the subjects that clients wait for answers on.
const answers = "_INBOX.>"

// access is who may do what. Every user has one way in: the password of ours is
// of no use over the network, nor is being anonymous over memory.
type access struct {
	self, password string // Holdfast's own, new in every process
	users          []*server.User
	noAuth         string // the user that those without a name are; empty: nobody
}

// newAccess lets Holdfast do everything, and over the network those that o names
// what o lets them.
func newAccess(o *Options) access {
	a := access{self: "holdfast-" + rand.Text(), password: rand.Text()}
	a.users = append(a.users, &server.User{
		Username: a.self, Password: a.password, AllowedConnectionTypes: way(overMemory),
	})
	clients := o.Users
	if o.Listen != "" && len(clients) == 0 {
		clients, a.noAuth = []User{{Name: anonymous, Password: rand.Text()}}, anonymous
	}
	for _, u := range clients {
		a.users = append(a.users, &server.User{
			Username: u.Name, Password: u.Password, AllowedConnectionTypes: way(overNetwork), Permissions: permissions(u, o.Deny),
		})
	}
	return a
}

func way(name string) map[string]struct{} { return map[string]struct{}{name: {}} }

// permissions are u's. What is denied beats what is allowed.
func permissions(u User, deny []string) *server.Permissions {
	subscribe := u.Subscribe
	if len(subscribe) == 0 {
		subscribe = []string{answers}
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: u.Publish, Deny: append([]string{administration}, deny...)},
		Subscribe: &server.SubjectPermission{Allow: subscribe},
	}
}

// InProcess connects Holdfast itself, through memory, with all rights. It takes
// the place of a URL; of the rights of others see Options.Deny. Give it
// MaxReconnects(-1) company, as any connection.
func (s *Server) InProcess() nats.Option {
	return func(o *nats.Options) error {
		o.InProcessServer, o.User, o.Password = s.server, s.access.self, s.access.password
		return nil
	}
}
