package archtest

const module = "github.com/holdfast-proxy/holdfast/"

// A rule forbids imports to packages. Patterns are import paths; one that ends
// in /... also matches everything below.
type rule struct {
	in     []string // the packages that the rule is for
	notIn  []string // those among them that it is not for
	forbid []string // what they may not import
	except []string // what they may import all the same
	why    string
}

// only allows the packages in no other packages of ours than those allowed.
func only(in string, why string, allowed ...string) rule {
	r := rule{in: []string{ours(in)}, forbid: []string{module + "..."}, except: []string{ours(in)}, why: why}
	for _, path := range allowed {
		r.except = append(r.except, ours(path))
	}
	return r
}

func ours(path string) string { return module + path }

var rules = []rule{
	only("channels/...", "the heart depends on nobody"),
	only("internal/sse/...", "event streams are a format of their own"),
	only("internal/grip/...", "the wire format knows neither channels nor servers", "internal/keys", "internal/sse"),
	only("internal/keys/...", "it reads keys, whatever they are for"),
	only("internal/token/...", "it says what a token allows; who is held with it is the proxy's", "internal/grip", "internal/keys"),
	only("internal/config/...", "a configuration is plain data; cmd/holdfast hands the parts theirs", "internal/cors", "internal/typo"),
	only("internal/cors/...", "it looks at headers, whoever sends them"),
	only("internal/typo/...", "it compares words, whatever they mean"),
	only("internal/certs", "it reads files and knows nothing of who listens"),
	only("internal/certs/acme", "it gets certificates, for whoever shows them"),
	only("internal/certs/certstest/...", "every package's tests may use it"),
	only("internal/leaktest/...", "every package's tests may use it"),
	only("internal/balance/...", "it copies bytes, whoever sends them"),
	only("internal/reload/...", "it knows when settings are read again, not what they are"),
	only("internal/quota/...", "it counts, whatever is counted"),
	only("internal/arrival/...", "a connection arrives before anybody knows what it is for", "internal/quota"),
	only("internal/errand/...", "it knows errands and time, not what they are about"),
	only("internal/lease/...", "it knows secrets and time, not what they are for"),
	only("internal/wheel/...", "a timer wheel knows only time"),
	only("internal/tidy/...", "it looks at the process and nothing in it"),
	only("internal/demo", "an ordinary origin, with nothing that another could not have"),
	only("internal/demo/demotest", "it drives the demo's page", "internal/browsertest"),
	only("internal/browsertest/...", "it drives a browser, whatever is behind"),
	only("internal/servetest/...", "it runs the program, whatever that is made of"),
	only("internal/clienttest/...", "it holds nothing but tests"),
	only("internal/bench/...", "it measures any GRIP proxy by what goes over the wire"),
	only("internal/pushpin/...", "what is read is another program's, and what is written is text"),
	only("internal/explain/...", "it looks at the front door from both sides",
		"channels", "internal/grip", "internal/hold", "internal/sse", "internal/typo", "internal/wheel", "internal/wire", "proxy"),
	only("internal/wire/...", "it lays items out and does nothing else",
		"channels", "internal/grip", "internal/sse"),
	only("internal/filter/...", "it decides what a reader gets, whoever writes it",
		"channels", "internal/grip", "internal/sse", "internal/wire"),
	only("internal/hold", "a holder moves bytes; requests and instructions are the proxy's",
		"channels", "internal/filter", "internal/sse", "internal/wheel", "internal/wire"),
	only("internal/hold/holdtest", "it asks of a holder what the proxy asks",
		"channels", "internal/filter", "internal/grip", "internal/hold", "internal/sse", "internal/wire"),
	only("internal/engine/...", "a holder like the others",
		"channels", "internal/hold", "internal/sse", "internal/wheel", "internal/wire"),
	only("internal/woh/...", "the events of WebSocket-over-HTTP are a format of their own"),
	only("internal/websocket/...", "it holds WebSockets, however the proxy came by them",
		"channels", "internal/filter", "internal/grip", "internal/hold", "internal/wire", "internal/woh"),
	only("proxy/...", "the front door never sees the publishers' side",
		"channels", "internal/arrival", "internal/barred", "internal/cors", "internal/errand", "internal/filter", "internal/grip", "internal/hold", "internal/lease",
		"internal/quota", "internal/sse", "internal/token", "internal/websocket", "internal/wire", "internal/woh"),
	only("internal/barred/...", "it knows what clients are called, not what they do"),
	only("control/...", "the publishers' side never sees the front door",
		"channels", "internal/barred", "internal/grip", "internal/quota", "internal/reload", "internal/sse", "internal/wire"),
	only("control/access", "who may is decided without knowing how it was asked", "channels", "internal/grip", "internal/quota"),
	only("control/nats/embedded", "it runs a server, whatever is published there"),
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("control/nats/embedded"), ours("control/nats/natstest")},
		forbid: []string{"github.com/nats-io/nats-server/..."},
		why:    "who publishes and who subscribes must not care whose server it is",
	},
	{
		in:     []string{ours("channels/..."), ours("internal/sse/..."), ours("internal/grip/...")},
		forbid: []string{"github.com/prometheus/..."},
		why:    "the domain counts in plain integers; whoever serves metrics reads them",
	},
	{
		in:     []string{ours("channels/..."), ours("internal/sse/...")},
		forbid: []string{"net/http/..."},
		why:    "neither channels nor event streams are bound to HTTP",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("control/nats/...")},
		forbid: []string{"github.com/nats-io/..."},
		why:    "each broker's client stays in the one package under control that speaks to it",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("control/zmq")},
		forbid: []string{"github.com/go-zeromq/..."},
		why:    "each broker's client stays in the one package under control that speaks to it",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("internal/token")},
		forbid: []string{"github.com/go-jose/..."},
		why:    "what is encrypted is opened in one place",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("internal/certs/acme")},
		forbid: []string{"github.com/caddyserver/...", "github.com/letsencrypt/..."},
		why:    "one package speaks with authorities",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("proxy")},
		forbid: []string{"github.com/quic-go/..."},
		why:    "HTTP/3 is one more listener of the front door; holders see a response like others",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("internal/hold/..."), ours("internal/engine/..."), ours("internal/bench/...")},
		forbid: []string{"golang.org/x/sys/..."},
		why:    "only holders speak to the kernel, and the load tool about what a process costs",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("internal/websocket"), ours("internal/wire")},
		forbid: []string{"github.com/gobwas/ws/..."},
		why:    "frames are read and written in one place, and laid out in another",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("internal/arrival")},
		forbid: []string{"github.com/pires/go-proxyproto/..."},
		why:    "who a connection is from is told in one place",
	},
	{
		in:     []string{module + "..."},
		notIn:  []string{ours("internal/config/..."), ours("cmd/holdfast/...")},
		forbid: []string{"github.com/spf13/..."},
		why:    "settings reach the parts as values, never as a global bag of keys",
	},
}
