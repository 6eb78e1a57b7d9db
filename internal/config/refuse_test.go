package config

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEverythingWrongIsReportedTogether(t *testing.T) {
	path := writeFile(t, `listen: 7999
chanels: {}
channels.idle: 5
routes:
  - origins: [http://a]
    resume: sometimes
    keep_alive: {interval: 20}
    on-lag: gap
  - just text
  -
control:
  listen: ["0.0.0.0:5561"]
  max_body: plenty
  pprof: 1
  tokens: [12345]
max_streams: 1.5
channels:
  replay: 1000
trusted_proxies: [everyone, {a: b}]
`)
	_, _, err := Load(Sources{
		File:    path,
		Environ: []string{"HOLDFAST_DRAIN_WINDOW=-5s", "HOLDFAST_TLS_CERTIFICATES=[{", "HOLDFAST_LOG_LEVEL=loud"},
		Flags:   []Flag{{"origin", "--origin", "127.0.0.1:8000"}},
	})
	want := `FILE:1: listen: is a single value; write a list here, as in [a, b]
FILE:2: chanels: unknown key; did you mean channels?
FILE:3: "channels.idle": unknown key; the keys here are channels, control, drain, gap, grip, hold, limits, listen, log, max_channels_per_stream, max_streams, nats, origin, proxy_protocol, recovery, reload, resume, routes, server, tls, trusted_proxies, zmq
FILE:6: routes[0].resume: "sometimes" is not known; write ids, positions or off
FILE:7: routes[0].keep_alive.interval: 20 is not a duration; write a duration with its unit, as in 20s, 500ms or 10m
FILE:8: routes[0].on-lag: unknown key; did you mean on_lag?
FILE:9: routes[1]: is a single value; write a section with keys
FILE:10: routes[2]: is empty; write a section or remove it
FILE:13: control.max_body: plenty is not a size; write a size with its unit, as in 512B, 64KiB or 1MiB
FILE:14: control.pprof: has the wrong type; write true or false
FILE:15: control.tokens[0]: has the wrong type; write text, in quotes if it looks like a number
FILE:16: max_streams: 1.5 is not a whole number; write a whole number
FILE:18: channels.replay: is a single value; write a section with keys
FILE:19: trusted_proxies[0]: everyone is not a network; write a network as in 10.0.0.0/8, or one address
FILE:19: trusted_proxies[1]: is a section; write a network as in 10.0.0.0/8, or one address
--origin: origin: "127.0.0.1:8000" is not the URL of an API; write it as in http://127.0.0.1:8000 or https://api.example.com
HOLDFAST_DRAIN_WINDOW: drain.window: -5s is negative; write 0 or more
HOLDFAST_LOG_LEVEL: log.level: "loud" is not known; write debug, info, warn or error
HOLDFAST_TLS_CERTIFICATES: tls.certificates: is not valid YAML: yaml: line 1: did not find expected node content; a list of sections is written here as YAML or JSON in one line`
	if err == nil {
		t.Fatal("accepted")
	}
	got := strings.ReplaceAll(err.Error(), path, "FILE")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestAProblemIsWhereItWasWritten(t *testing.T) {
	path := writeFile(t, "origin: http://a\nlisten: 1\n")
	_, _, err := Load(Sources{File: path, Environ: []string{"HOLDFAST_LISTEN=:1"}, Flags: []Flag{{"listen", "--listen", []any{"x"}}}})
	want := path + ":2: listen: is a single value; write a list here, as in [a, b]"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestRefused sets one thing wrong in a configuration that is right otherwise.
func TestRefused(t *testing.T) {
	embedded := func(text string) string { return "nats: {embedded: {store_dir: d, " + text + "}}" }
	clustered := func(text string) string {
		return embedded("cluster: {name: c, listen: '127.0.0.1:6222', peers: [a:6222, b:6222, c:6222], " + text + "}")
	}
	bearer := func(text string) string { return "control: {access: [{" + text + "}]}" }
	route := func(text string) string { return "routes: [{origins: [http://a], " + text + "}]" }
	tests := []struct {
		name, text, want string
	}{
		{"a route for an unknown protocol", route("protocol: ftp"), `routes[0].protocol: "ftp" is not known; write "", http or websocket`},
		{"a route for an unknown kind of connection", route("tls: yes"), `routes[0].tls: "yes" is not known; write "", only or never`},
		{"an unknown way to balance", route("balance: random"), `routes[0].balance: "random" is not known`},
		{"a negative limit of connections", route("max_connections: -1"), "routes[0].max_connections: -1 is negative"},
		{"a channel without a name in a route", route("subscribe: ['']"), "routes[0].subscribe[0]: is empty"},
		{"more channels of a route than a stream may have", route("subscribe: [a, b]") + "\nmax_channels_per_stream: 1", "routes[0].subscribe: names 2 channels, and a stream may have 1; set max_channels_per_stream higher"},
		{"a channel with a line break in a route", route(`subscribe: ["a\nb"]`), `routes[0].subscribe[0]: "a\nb" has control characters`},
		{"a route's signing key that is not base64", route("sig_key: 'base64:?'"), "routes[0].sig_key: is not base64"},
		{"a route's signing key file that is not there", route("sig_key: 'file:absent'"), "routes[0].sig_key: open absent"},
		{"a route's issuer without a key", route("sig_iss: me"), "routes[0].sig_iss: is set, and there is no key to sign with"},
		{"CORS as it was switched on before", route("cors: true"), "routes[0].cors: is a single value; write a section with keys"},
		{"CORS for nobody", route("cors: {credentials: true}"), "routes[0].cors.origins: is empty, so the rest of cors would not be used; name the sites"},
		{"CORS for nobody, with a method", route("cors: {methods: [PUT]}"), "routes[0].cors.origins: is empty"},
		{"CORS for a site with a path", route("cors: {origins: ['https://a.test/']}"), `routes[0].cors.origins[0]: "https://a.test/" has more than scheme, host and port; write https://a.test`},
		{"CORS for all hosts below a public suffix", route("cors: {origins: ['https://*.co.uk']}"), `routes[0].cors.origins[0]: "https://*.co.uk" lets everybody in`},
		{"CORS for everybody and somebody", route("cors: {origins: ['*', 'https://a.test']}"), `routes[0].cors.origins: has other names beside "*"`},
		{"CORS for a method that no browser sends", route("cors: {origins: ['*'], methods: [patch]}"), `routes[0].cors.methods[0]: "patch" has small letters, and methods are compared by case; write PATCH`},
		{"CORS for a header that is none", route("cors: {origins: ['*'], headers: ['X A']}"), `routes[0].cors.headers[0]: "X A" is not the name of a header; write one, as in X-Api-Key`},
		{"CORS that shows all and something", route("cors: {origins: ['*'], expose: ['*', X-A]}"), `routes[0].cors.expose: has other names beside "*"`},
		{"CORS in two places", route("cors: {origins: ['*']}, response_headers: {set: ['access-control-allow-origin: *']}"), "routes[0].response_headers.set[0]: access-control-allow-origin is set, and so is cors"},
		{"a check that everybody passes", route("check_origin: true, cors: {origins: ['*']}"), "routes[0].check_origin: is set, and cors.origins has everybody in it"},
		{"two routes for the WebSockets of a path", "routes: [{protocol: websocket, origins: [http://a]}, {protocol: websocket, origins: [http://b]}]", "routes[1]: takes the same requests as routes[0] (/ websocket)"},
		{"nothing to proxy to", "origin: ''", "origin: is empty, and there are no routes"},
		{"no address for clients", "listen: []", "listen: is empty, and so is tls.listen"},
		{"no address for publishers", "control: {listen: []}", "control.listen: is empty"},
		{"a burst without a rate", "limits: {new_streams_burst: 5}", "limits.new_streams_burst: is 5, and limits.new_streams is 0"},
		{"files that are looked at all the time", "reload: {watch: 1ms}", "reload.watch: 1ms is too often; write 100ms or more, or 0s for never"},
		{"the PROXY protocol without proxies", "proxy_protocol: true", "proxy_protocol: is true, and trusted_proxies is empty: every connection would be closed"},
		{"a negative limit of streams", "limits: {streams_per_user: -1}", "limits.streams_per_user: -1 is negative"},
		{"a rate of bodies without a time", "server: {body_timeout: 0s, body_rate: 1KiB}", "server.body_rate: is 1KiB, and server.body_timeout is 0s"},
		{"an empty pattern of channels", route("channels: {allow: ['']}"), "routes[0].channels.allow[0]: is empty"},
		{"a pattern of channels with a * inside", route("channels: {deny: [a*b]}"), `routes[0].channels.deny[0]: "a*b" has a * that is not at its end`},
		{"a pattern of channels with a line break", route(`channels: {deny: ["a\n*"]}`), `routes[0].channels.deny[0]: "a\n" has control characters`},
		{"a length below that of the prefix", route("channel_prefix: abc, channels: {max_length: 3}"), "routes[0].channels.max_length: is 3, and channel_prefix has 3 bytes"},
		{"channels that do not have the prefix", route("channel_prefix: a-, channels: {allow: [b, 'b-*']}"), `routes[0].channels.allow: names nothing that begins with channel_prefix, "a-"`},
		{"a length that no channel has", route("channels: {max_length: 256}"), "routes[0].channels.max_length: is 256; channel names have 255 bytes at most"},
		{"a queue without time", "limits: {queue_wait: 0s}", "limits.queue_wait: is 0, and limits.queue is not"},
		{"a send buffer that holds no event", "hold: {sockets: {send_buffer: 64B}}", "hold.sockets.send_buffer: 64B is no size for a socket's buffer; write 4KiB to 1GiB, or 0B"},
		{"a send buffer beyond all measure", "hold: {sockets: {not_sent: 4GiB}}", "hold.sockets.not_sent: 4GiB is no size"},
		{"clients that count as dead too soon", "hold: {sockets: {user_timeout: 5s}}", "hold.sockets.user_timeout: 5s is less than the write_timeout of /, 20s"},
		{"an address without a port", "listen: [localhost]", `listen[0]: "localhost" is not an address`},
		{"a port that is none", "listen: [':70000']", `listen[0]: ":70000" is not an address`},
		{"an address twice", "listen: [':1', ':1']", "listen[1]: :1 is also listen[0]"},
		{"a control address that is a client address", "listen: ['127.0.0.1:5561']", "control.listen[0]: 127.0.0.1:5561 is also listen[0]"},
		{"a public control address without a token", "control: {listen: [':5561']}", "control.listen[0]: others can reach :5561, and need no token: anyone could publish; set control.tokens, control.access or control.tls.client_ca, or listen on 127.0.0.1 only"},
		{"an empty token", "control: {tokens: ['']}", "control.tokens[0]: is empty"},
		{"a token with a space", "control: {tokens: ['a b']}", "control.tokens[0]: has a character that cannot be sent"},
		{"a token file that is not there", "control: {tokens: ['file:absent']}", "control.tokens[0]: open absent"},
		{"a token without a name", bearer("name: '', token: a, rights: [read]"), "control.access[0].name: is empty"},
		{"a token with a name too long", bearer("name: " + strings.Repeat("x", 65) + ", token: a, rights: [read]"), "control.access[0].name: is 65 bytes long"},
		{"a token with a line break in its name", bearer(`name: "a\nb", token: a, rights: [read]`), `control.access[0].name: "a\nb" has control characters`},
		{"a token with another's name", "control: {access: [{name: n, token: a, rights: [read]}, {name: n, token: b, rights: [read]}]}", `control.access[1].name: "n" is also control.access[0].name`},
		{"a name without a token", bearer("name: n, rights: [read]"), "control.access[0].token: is empty"},
		{"a token of access with a space", bearer("name: n, token: a b, rights: [read]"), "control.access[0].token: has a character that cannot be sent"},
		{"a token of access file that is not there", bearer("name: n, token: 'file:absent', rights: [read]"), "control.access[0].token: open absent"},
		{"a token for everything and for less", "control: {tokens: [a], access: [{name: n, token: a, rights: [read]}]}", "control.access[0].token: is also control.tokens[0]"},
		{"a token without rights", bearer("name: n, token: a"), "control.access[0].rights: is empty"},
		{"a right that there is not", bearer("name: n, token: a, rights: [read, write]"), `control.access[0].rights[1]: "write" is not known; write publish, read or admin`},
		{"a channel with * in the middle", bearer("name: n, token: a, rights: [read], channels: [b, 'a*c']"), `control.access[0].channels[1]: "a*c" has a * that is not at its end`},
		{"an empty channel", bearer("name: n, token: a, rights: [read], channels: ['']"), "control.access[0].channels[0]: is empty"},
		{"a channel that is too long", bearer("name: n, token: a, rights: [read], channels: [" + strings.Repeat("x", 256) + "]"), "control.access[0].channels[0]: is 256 bytes long"},
		{"a burst of items without a rate", bearer("name: n, token: a, rights: [publish], burst: 5"), "control.access[0].burst: is 5, and rate is 0"},
		{"a rate of items for who cannot publish", bearer("name: n, token: a, rights: [read], rate: 5"), "control.access[0].rate: is 5, and publish is not among the rights"},
		{"a negative rate of items", bearer("name: n, token: a, rights: [publish], rate: -1"), "control.access[0].rate: -1 is negative"},
		{"TLS without certificates", "tls: {listen: [':443']}", "tls.certificates: is empty, and tls.listen is not"},
		{"a certificate without its key", "tls: {listen: [':443'], certificates: [{cert: a}]}", "tls.certificates[0].key: is empty"},
		{"a certificate that is not there", "tls: {listen: [':443'], certificates: [{cert: absent, key: b}]}", "tls.certificates[0]: open absent"},
		{"a signing key that is not base64", "grip: {sig_key: 'base64:?'}", "grip.sig_key: is not base64"},
		{"a signing key in no file", "grip: {sig_key: 'file:'}", "grip.sig_key: names no file"},
		{"a signing key file that is not there", "grip: {sig_key: 'file:absent'}", "grip.sig_key: open absent"},
		{"a key of a proxy in front that is empty", "grip: {upstream_keys: [a, '']}", "grip.upstream_keys[1]: is empty"},
		{"a key of a proxy in front in no file", "grip: {upstream_keys: ['file:absent']}", "grip.upstream_keys[0]: open absent"},
		{"a publishers' key that is not base64", "control: {keys: ['base64:?']}", "control.keys[0]: is not base64"},
		{"a publishers' key file that is not there", "control: {keys: ['file:absent']}", "control.keys[0]: open absent"},
		{"a service that is no segment of a path", "control: {fastly_services: [a/b]}", `control.fastly_services[0]: "a/b" is not the id of a service`},
		{"a ZeroMQ endpoint without a scheme", "zmq: {pull: ['127.0.0.1:5560']}", `zmq.pull[0]: "127.0.0.1:5560" is not an endpoint`},
		{"a ZeroMQ endpoint without a port", "zmq: {sub: ['tcp://127.0.0.1']}", `zmq.sub[0]: "tcp://127.0.0.1" is not an endpoint`},
		{"a ZeroMQ endpoint that others can reach", "zmq: {pull: ['tcp://*:5560']}", "zmq.pull[0]: others can reach tcp://*:5560, and ZeroMQ lets everybody publish; listen on 127.0.0.1 only, or set zmq.remote"},
		{"a ZeroMQ endpoint that is taken", "zmq: {pull: ['tcp://127.0.0.1:5561']}", "zmq.pull[0]: 127.0.0.1:5561 is also control.listen[0]"},
		{"a signing key without an issuer", "grip: {sig_key: a, sig_iss: ''}", "grip.sig_iss: is empty, and grip.sig_key is set"},
		{"a NATS server of another scheme", "nats: {url: 'http://a'}", "nats.url[0]: is not the URL of a NATS server"},
		{"a NATS server without a scheme", "nats: {url: [nats://a, 'b:4222']}", "nats.url[1]: is not the URL of a NATS server"},
		{"a NATS server with a password", "nats: {url: 'nats://u:p@a'}", "nats.url[0]: has a user in it; take it away"},
		{"a NATS server with a path", "nats: {url: nats://a/b}", `nats.url[0]: "nats://a/b" has more than`},
		{"a NATS user without a server", "nats: {user: a, password: b}", "nats.url: is empty, so the rest of nats would not be used"},
		{"a NATS user without a password", "nats: {url: nats://a, user: a}", "nats.password: is empty, and nats.user is set"},
		{"a NATS password without a user", "nats: {url: nats://a, password: a}", "nats.user: is empty, and nats.password is set"},
		{"a NATS password in no file", "nats: {url: nats://a, user: a, password: 'file:'}", "nats.password: names no file"},
		{"a NATS password file that is not there", "nats: {url: nats://a, user: a, password: 'file:absent'}", "nats.password: open absent"},
		{"a NATS token file that is not there", "nats: {url: nats://a, token: 'file:absent'}", "nats.token: open absent"},
		{"two ways to be known to NATS", "nats: {url: nats://a, user: a, password: b, token: c}", "nats.token: is set, and so is nats.user; keep one"},
		{"NATS credentials that are not there", "nats: {url: nats://a, credentials: absent}", "nats.credentials: open absent"},
		{"a NATS seed that is not there", "nats: {url: nats://a, nkey: absent}", "nats.nkey: open absent"},
		{"a NATS authority that is not there", "nats: {url: nats://a, tls: {ca: absent}}", "nats.tls.ca: open absent"},
		{"a NATS authority that is none", "nats: {url: nats://a, tls: {ca: nats.go}}", "nats.tls.ca: nats.go holds no certificate"},
		{"a NATS certificate without its key", "nats: {url: nats://a, tls: {cert: a}}", "nats.tls.key: is empty"},
		{"a NATS key without its certificate", "nats: {url: nats://a, tls: {key: a}}", "nats.tls.cert: is empty"},
		{"a NATS certificate that is not there", "nats: {url: nats://a, tls: {cert: absent, key: b}}", "nats.tls.cert: open absent"},
		{"an embedded NATS beside another", "nats: {url: nats://a, embedded: {store_dir: d}}", "nats.embedded.store_dir: is set, and so is nats.url; keep one"},
		{"an embedded NATS without a directory", "nats: {embedded: {listen: '127.0.0.1:4222'}}", "nats.embedded.store_dir: is empty, so the rest of nats.embedded"},
		{"a cluster without a directory", "nats: {embedded: {cluster: {name: c}}}", "nats.embedded.store_dir: is empty, so the rest of nats.embedded"},
		{"no room on the disk", embedded("max_store: 0B"), "nats.embedded.max_store: is 0"},
		{"no time between syncs", embedded("sync_interval: 0s"), "nats.embedded.sync_interval: is 0"},
		{"messages smaller than bodies", embedded("max_payload: 4MiB"), "nats.embedded.max_payload: 4MiB has no room for control.max_body, 4MiB, with its headers; write 4160KiB or more"},
		{"messages larger than the server takes", embedded("max_payload: 1GiB"), "nats.embedded.max_payload: 1GiB is more than the server takes; write 64MiB at most"},
		{"a server name with a dot", embedded("server_name: a.b"), `nats.embedded.server_name: "a.b" is no name`},
		{"a NATS address without a port", embedded("listen: localhost"), `nats.embedded.listen: "localhost" is not an address`},
		{"a NATS address that is a client address", embedded("listen: ':7999', users: [{user: u, password: p}]"), "nats.embedded.listen: :7999 is also listen[0]"},
		{"a public NATS address without users", embedded("listen: ':4222'"), "nats.embedded.listen: others can reach :4222, and nats.embedded.users is empty: anyone could publish; set"},
		{"users without an address", embedded("users: [{user: u, password: p}]"), "nats.embedded.listen: is empty, so nats.embedded.users"},
		{"a user without a name", embedded("listen: ':4222', users: [{password: p}]"), "nats.embedded.users[0].user: is empty"},
		{"a user without a password", embedded("listen: ':4222', users: [{user: u}]"), "nats.embedded.users[0].password: is empty"},
		{"a user twice", embedded("listen: ':4222', users: [{user: u, password: p}, {user: u, password: q}]"), `nats.embedded.users[1].user: "u" is also nats.embedded.users[0].user`},
		{"a user's password in no file", embedded("listen: ':4222', users: [{user: u, password: 'file:'}]"), "nats.embedded.users[0].password: names no file"},
		{"a user's password file that is not there", embedded("listen: ':4222', users: [{user: u, password: 'file:absent'}]"), "nats.embedded.users[0].password: open absent"},
		{"a subject with a space", embedded("listen: ':4222', users: [{user: u, password: p, publish: ['a b']}]"), `nats.embedded.users[0].publish[0]: "a b" is no subject`},
		{"a NATS listener's certificate that is not there", embedded("listen: '127.0.0.1:4222', tls: {cert: absent, key: b}"), "nats.embedded.tls.cert: open absent"},
		{"a cluster without a name", embedded("cluster: {listen: ':6222'}"), "nats.embedded.cluster.name: is empty"},
		{"a cluster name with a space", embedded("cluster: {name: a b, listen: '127.0.0.1:6222', peers: [a:1, b:1]}"), `nats.embedded.cluster.name: "a b" has a space`},
		{"a cluster without an address", embedded("cluster: {name: c, peers: [a:1, b:1]}"), "nats.embedded.cluster.listen: is empty"},
		{"a cluster without peers", embedded("cluster: {name: c, listen: '127.0.0.1:6222'}"), "nats.embedded.cluster.peers: names no other server"},
		{"a cluster that anyone can join", embedded("cluster: {name: c, listen: ':6222', peers: [a:1, b:1]}"), "nats.embedded.cluster.user: is empty, and others can reach :6222: anyone could join"},
		{"a peer without a port", embedded("cluster: {name: c, listen: '127.0.0.1:6222', peers: [a:1, b]}"), `nats.embedded.cluster.peers[1]: "b" is not the address of a server`},
		{"a peer twice", embedded("cluster: {name: c, listen: '127.0.0.1:6222', peers: [a:1, a:1]}"), "nats.embedded.cluster.peers[1]: a:1 is also nats.embedded.cluster.peers[0]"},
		{"an advertised address without a host", clustered("advertise: ':6222'"), `nats.embedded.cluster.advertise: ":6222" is not the address of a server`},
		{"a cluster user without a password", clustered("user: u"), "nats.embedded.cluster.password: is empty, and nats.embedded.cluster.user is set"},
		{"a cluster certificate without its key", clustered("tls: {cert: a}"), "nats.embedded.cluster.tls.key: is empty"},
		{"more copies than servers", "nats: {replicas: 3, embedded: {store_dir: d, cluster: {name: c, listen: '127.0.0.1:6222', peers: [a:1, b:1]}}}", "nats.replicas: 3 is more than the 2 of nats.embedded.cluster.peers"},
		{"several copies on one server", "nats: {replicas: 3, embedded: {store_dir: d}}", "nats.replicas: 3 is more than the 1 of"},
		{"more copies than the server takes", "nats: {replicas: 6, url: nats://a}", "nats.replicas: 6 is more than the server takes; write 5 at most"},
		{"copies of nothing", "nats: {replicas: 3}", "nats.url: is empty, so the rest of nats"},
		{"no subject prefix", "nats: {prefix: ''}", "nats.prefix: is empty"},
		{"a subject prefix with a wildcard", "nats: {prefix: 'a.>'}", `nats.prefix: "a.>" cannot begin a subject`},
		{"a subject prefix with an empty word", "nats: {prefix: a..b}", `nats.prefix: "a..b" cannot begin a subject`},
		{"a subject prefix that leaves no room", "nats: {prefix: " + strings.Repeat("x", 129) + "}", "nats.prefix: is 129 bytes long"},
		{"an origin with a path", "origin: http://a/b", `origin: "http://a/b" has a path`},
		{"an origin with a password", "origin: http://u:p@a", "origin: has more than scheme, host and port"},
		{"an origin of another scheme", "origin: ftp://a", `origin: "ftp://a" is not the URL of an API`},
		{"a route without origins", "routes: [{path_prefix: /x}]", "routes[0].origins: is empty"},
		{"an origin that is named twice", "routes: [{origins: [http://a, https://a, 'HTTP://A:80/']}]", `routes[0].origins[2]: "HTTP://A:80/" is the same origin as http://a`},
		{"a host with a port", route("host: 'a:80'"), `routes[0].host: "a:80" is not a host name`},
		{"a host in letters of a country", route("host: bücher.example"), `routes[0].host: "bücher.example" is not what clients send; write xn--bcher-kva.example`},
		{"a host with a tab", route(`host: "a\tb"`), `routes[0].host: "a\tb" is not a host name`},
		{"a host with a zone", route("host: 'fe80::1%eth0'"), `routes[0].host: "fe80::1%eth0" is not a host name`},
		{"a prefix with a space", route("path_prefix: /a b"), `routes[0].path_prefix: "/a b" is not what clients send; write /a%20b`},
		{"a prefix in letters of a country", route("path_prefix: /bü%2Fx"), `routes[0].path_prefix: "/bü%2Fx" is not what clients send; write /b%C3%BC%2Fx`},
		{"an origin's port that is none", "origin: 'http://127.0.0.1:99999'", `origin: "http://127.0.0.1:99999" has a port that is none; write 1 to 65535`},
		{"a host for the origin that is none", route("request_headers: {set: ['Host: a b']}"), `routes[0].request_headers.set[0]: "a b" is not a host`},
		{"an empty host for the origin", route("request_headers: {set: ['host:']}"), `routes[0].request_headers.set[0]: "" is not a host`},
		{"a relative prefix", route("path_prefix: x"), `routes[0].path_prefix: "x" is not a path`},
		{"a crooked prefix", route("path_prefix: /x//y"), `routes[0].path_prefix: "/x//y" is not a plain path; write /x/y`},
		{"two routes for the same", "routes: [{origins: [http://a], host: A, path_prefix: /x}, {origins: [http://a], host: a, path_prefix: /x/}]", "routes[1]: takes the same requests as routes[0] (a/x)"},
		{"two routes for the same, one with a dot", "routes: [{origins: [http://a], host: a.b.}, {origins: [http://a], host: a.b}]", "routes[1]: takes the same requests as routes[0] (a.b/)"},
		{"a catch-all beside origin", route("name: all"), "origin: takes the same requests as routes[0] (/)"},
		{"two routes of one name", "routes: [{origins: [http://a], name: n, host: a}, {origins: [http://a], name: n, host: b}]", `routes[1].name: "n" is also the name of routes[0]`},
		{"a channel prefix with a line break", route(`channel_prefix: "a\nb"`), "routes[0].channel_prefix: "},
		{"a channel prefix that leaves no room", route("channel_prefix: " + strings.Repeat("x", 255)), "routes[0].channel_prefix: is 255 bytes long"},
		{"a header line without a colon", route("request_headers: {set: [X-A]}"), "routes[0].request_headers.set[0]: has no colon"},
		{"a header line with a line break", route(`response_headers: {set: ["X-A: b\r\nc"]}`), "routes[0].response_headers.set[0]: has a line break"},
		{"a header that is not for routes", route("request_headers: {remove: [Transfer-Encoding]}"), "routes[0].request_headers.remove[0]: Transfer-Encoding is not for routes to change"},
		{"a GRIP header", route("request_headers: {set: ['grip-sig: x']}"), "routes[0].request_headers.set[0]: grip-sig is not for routes to change"},
		{"no time to connect", route("path_prefix: /x, connect_timeout: 0s"), "routes[0].connect_timeout: is 0"},
		{"a keep-alive that floods", route("keep_alive: {interval: 1ms}"), "routes[0].keep_alive.interval: 1ms would flood the clients"},
		{"an unknown kind of keep-alive", route("keep_alive: {format: smoke}"), `routes[0].keep_alive.format: "smoke" is not known; write comment, event or data`},
		{"an unknown way to lag", route("on_lag: wait"), `routes[0].on_lag: "wait" is not known; write gap, close or ""`},
		{"an event without a name", "gap: {event: ''}", "gap.event: is empty"},
		{"an event name with a line break", `resume: {position_event: "a\nb"}`, "resume.position_event: "},
		{"a query parameter without a name", "resume: {query_parameters: ['']}", "resume.query_parameters[0]: is empty"},
		{"more retention than memory", "channels: {replay: {bytes: 1GiB}}", "channels.replay.bytes: 1GiB is more than channels.memory_limit, 256MiB"},
		{"more retention than memory, by prefix", "channels: {overrides: [{prefix: a, replay: {bytes: 1GiB}}]}", "channels.overrides[0].replay.bytes: 1GiB is more"},
		{"no send window", "channels: {send_window: {messages: 0}}", "channels.send_window.messages: is 0"},
		{"an override for everything", "channels: {overrides: [{replay: {messages: 1}}]}", "channels.overrides[0].prefix: is empty"},
		{"two overrides for the same", "channels: {overrides: [{prefix: a}, {prefix: a}]}", "channels.overrides[1].prefix: "},
		{"a negative count", "channels: {idle: -1}", "channels.idle: -1 is negative"},
		{"a negative size", "channels: {replay: {bytes: -1MiB}}", "channels.replay.bytes: -1MiB is negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Load(Sources{File: writeFile(t, tt.text+"\n"), Environ: originUnless(tt.text)})
			var problem *KeyError
			if !errors.As(err, &problem) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			problem.Place = Place{}
			if got := problem.Error(); !strings.HasPrefix(got, tt.want) || problem.Remedy == "" {
				t.Errorf("got  %s\nwant %s...", got, tt.want)
			}
			if joined := err.(interface{ Unwrap() []error }).Unwrap(); len(joined) != 1 {
				t.Errorf("one fault, %d problems: %v", len(joined), err)
			}
		})
	}
}

// originUnless gives an origin to a file that has no say on it.
func originUnless(text string) []string {
	if strings.Contains(text, "origin") && !strings.Contains(text, "name: all") {
		return nil
	}
	return []string{"HOLDFAST_ORIGIN=http://origin"}
}

func TestNATSSecretsComeFromFilesToo(t *testing.T) {
	path := writeFile(t, "se cret\r\n")
	got, err := NATS{User: "u", Password: "file:" + path, Token: "as it is"}.ReadSecrets()
	if want := (NATS{User: "u", Password: "se cret", Token: "as it is"}); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{"", "\n", "one\ntwo\n"} {
		if _, err := (NATS{Token: "file:" + writeFile(t, text)}).ReadSecrets(); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestAPasswordInTheURLOfAnOriginIsNotShown(t *testing.T) {
	for _, text := range []string{
		"origin: 'http://user:s3cret@:8000'", "origin: 'ftp://user:s3cret@a'", "origin: 'user:s3cret@a'", "origin: 'http://user:s3cret@a b'",
		"routes: [{origins: ['http://user:s3cret@a', 'http://user:s3cret@a']}]", "origin: 'http://user:s3cret@a:99999'",
	} {
		_, _, err := Load(Sources{File: writeFile(t, text)})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s is answered: %v", text, err)
		}
	}
}

func TestTokensComeFromFilesToo(t *testing.T) {
	path := writeFile(t, "one\n\n  two\r\n")
	got, err := Control{Tokens: []string{"zero", "file:" + path}}.ReadTokens()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"zero", "one", "two"}, got); diff != "" {
		t.Error(diff)
	}
	if err := os.WriteFile(path, []byte("not sendable\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Control{Tokens: []string{"file:" + path}}).ReadTokens(); err == nil {
		t.Error("a token with a space in it was accepted")
	}
}
