package demo

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
)

// Options say where Holdfast is. The zero value works beside a Holdfast with
// default settings.
type Options struct {
	// ControlURL is the base URL of the control endpoint. Default:
	// http://127.0.0.1:5561.
	ControlURL string
	// Token is the control endpoint's bearer token; empty sends none.
	Token string
	// PublicURL is Holdfast's URL as browsers see it, without a path. It is
	// where /connect sends them. Empty means the host that they are on.
	PublicURL string
	// Key signs the tokens of the redirected set-up. All instances of an
	// origin need the same one. Empty makes a random key.
	Key []byte
}

// origin is the demo's state: nothing about connections, only what it needs to
// publish.
type origin struct {
	publisher publisher
	publicURL string
	key       []byte

	boot string // makes ids of different runs differ
	last atomic.Uint64
}

// New returns the origin. It holds no resources and starts nothing.
func New(opts Options) http.Handler {
	o := &origin{
		publisher: newPublisher(cmp.Or(opts.ControlURL, "http://127.0.0.1:5561"), opts.Token),
		publicURL: strings.TrimSuffix(opts.PublicURL, "/"),
		key:       opts.Key,
		boot:      strings.ToLower(rand.Text()[:6]),
	}
	if len(o.key) == 0 {
		o.key = []byte(rand.Text())
	}
	return o.routes()
}

// routes lists everything the origin answers. What changes something is shut
// to other sites: the browser's word on where a request came from decides.
func (o *origin) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", o.events)
	mux.HandleFunc("GET /poll", o.poll)
	mux.HandleFunc("GET /connect", o.connect)
	mux.HandleFunc("GET /setup", o.setup)
	mux.HandleFunc("POST /publish", o.publish)
	mux.HandleFunc("POST /cut", o.cut)
	mux.Handle("GET /", page())
	return http.NewCrossOriginProtection().Handler(mux)
}

var userName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// userOf returns who is asking. This demo believes the query; a real origin
// asks its session, and that is the place where access is decided. Without a
// usable name it answers 400 and reports false.
func userOf(w http.ResponseWriter, r *http.Request) (user string, ok bool) {
	user = r.FormValue("user")
	if !userName.MatchString(user) {
		http.Error(w, "say who you are: ?user=alice (letters a-z, digits and hyphens)", http.StatusBadRequest)
		return "", false
	}
	return user, true
}

// publicChannel is followed by everybody.
const publicChannel = "public"

// userChannel is followed by that user's pages alone.
func userChannel(user string) string { return "user-" + user }
