package pushpin

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// routing is a route under translation.
type routing struct {
	route
	at   Note // with the line, for notes
	host string
	beg  string // path_beg as it is written
	lost string // why the route is left out; empty: it is not
}

// route translates one line of a routes file.
func (t *translation) route(r Route) {
	w := &routing{at: Note{File: t.routesFile, Line: r.Line}, beg: r.Condition.value("path_beg")}
	w.Debug = t.debug
	if t.crossOrigin {
		w.CORS = everybody()
	}
	w.condition(r.Condition)
	w.path(r.Condition)
	for i, target := range r.Targets {
		w.target(target, i == 0)
	}
	w.finish()
	if w.SigIss != "" && w.SigKey == "" && t.doc.GRIP.SigKey == "" {
		w.note("sig_iss is not carried over: there is no key to sign with")
		w.SigIss = ""
	}
	if w.lost == "" {
		w.lost = t.claim(&w.route, r.Line)
	}
	if w.lost != "" {
		w.note("the route is left out: " + w.lost)
		t.notes = append(t.notes, w.notes...)
		return
	}
	w.noteSegments()
	t.allowChannels(w)
	t.doc.Routes = append(t.doc.Routes, w.route)
}

// defaultMaxChannels is Holdfast's max_channels_per_stream.
const defaultMaxChannels = 100

// allowChannels makes room for the route's own channels: Pushpin has no bound for
// them, and Holdfast refuses more than a stream may have.
func (t *translation) allowChannels(w *routing) {
	most := t.doc.MaxChannels
	if most == 0 {
		most = defaultMaxChannels
	}
	if n := len(w.Subscribe); n > most {
		w.note(fmt.Sprintf("max_channels_per_stream is set to %d, for the channels of sub", n))
		t.doc.MaxChannels = n
	}
}

func (w *routing) note(text string) {
	w.at.Text = text
	w.notes = append(w.notes, w.at)
}

// leaveOut gives the route up; the first reason counts.
func (w *routing) leaveOut(reason string) {
	if w.lost == "" {
		w.lost = reason
	}
}

// claim refuses what Holdfast would: a second route for the same requests, which
// Pushpin passes over too. A name that is taken is given up.
func (t *translation) claim(r *route, line int) (lost string) {
	host := strings.TrimSuffix(strings.ToLower(r.Host), ".")
	takes := strings.Join([]string{host, strings.TrimSuffix(r.PathPrefix, "/"), r.Protocol, r.TLS}, " ")
	if other, twice := t.seen[takes]; twice {
		return fmt.Sprintf("line %d takes the same requests", other)
	}
	t.seen[takes] = line
	if other, twice := t.names[r.Name]; twice && r.Name != "" {
		r.notes = append(r.notes, Note{t.routesFile, line, fmt.Sprintf("id=%s is also the id of line %d: names are unique", r.Name, other)})
		r.Name = ""
	}
	t.names[r.Name] = line
	return ""
}

// condition translates what requests the route is for, and how they are
// changed.
func (w *routing) condition(c Word) {
	w.setHost(c.Value)
	for _, o := range c.Options {
		switch o.Name {
		case "proto":
			w.Protocol = w.choice(o, map[string]string{"http": "http", "ws": "websocket"})
		case "ssl":
			w.TLS = w.choice(o, map[string]string{"yes": "only", "no": "never"})
		case "path_beg", "path_rem", "replace_beg": // see path
		case "id":
			w.Name = w.plain(o)
		case "prefix":
			w.ChannelPrefix = w.channelName(o)
		case "sig_key":
			w.sigKey(o.Value)
		case "sig_iss":
			w.SigIss = w.plain(o)
		case "debug":
			w.Debug = true
		case "aco":
			w.CORS = everybody()
			w.note("aco " + aboutPreflights)
		case "as_host":
			w.host = o.Value
		case "header":
			w.header(o.Value)
		default:
			w.lostOption(o)
		}
	}
}

// aboutPreflights is what is not as it was where pages of every site may read.
const aboutPreflights = "lets every page send every method: preflights are answered without the origin now. Name the sites in cors.origins where that is too much"

// everybody lets pages of every site read what the origin does not forbid.
func everybody() cors {
	all := []string{"*"}
	return cors{Origins: all, Credentials: true, Methods: all, Headers: all, Expose: all}
}

// lostOption notes an option of a condition that is not carried over.
func (w *routing) lostOption(o Option) {
	switch {
	case strings.HasPrefix(o.Name, "jsonp_"), strings.HasPrefix(o.Name, "sockjs"):
		w.note(o.Name + " has no equivalent: browsers have EventSource, WebSocket and CORS")
	case o.Name == "session":
		w.note("session has no equivalent: sessions are not supported")
	case o.Name == "orig_headers":
		w.note("orig_headers has no equivalent: original headers are not marked")
	case o.Name == "log_level":
		w.note("log_level has no equivalent: log.level is for all routes")
	case o.Name == "no_grip":
		w.leaveOut("no_grip has no equivalent: instructions are always followed")
	default:
		w.note(fmt.Sprintf("the option %q is not known", o.Name))
	}
}

func (w *routing) setHost(host string) {
	switch {
	case host == "*":
	case host == "":
		w.leaveOut("it is found by its id only, which has no equivalent")
	case strings.ContainsAny(host, "/:@*? ") || !isPlain(host):
		w.leaveOut(strconv.Quote(host) + " is not a host name")
	default:
		w.Host = host
	}
}

// choice translates a value of a fixed set.
func (w *routing) choice(o Option, values map[string]string) string {
	value, known := values[o.Value]
	if !known {
		w.leaveOut(fmt.Sprintf("%s=%s is not known", o.Name, o.Value))
	}
	return value
}

// plain is a value that must be ordinary text.
func (w *routing) plain(o Option) string {
	if !isPlain(o.Value) {
		w.note(o.Name + " is not carried over: it has control characters in it or is not UTF-8")
		return ""
	}
	return o.Value
}

func isPlain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// maxName is how long a channel's name may be, in bytes.
const maxName = 255

// channelName is a value that channels' names begin with. Without it the route
// would be for other channels.
func (w *routing) channelName(o Option) string {
	if !isPlain(o.Value) || len(o.Value) >= maxName {
		w.leaveOut(o.Name + " cannot be the name of a channel")
	}
	return o.Value
}

func (w *routing) sigKey(key string) {
	lost := keyProblem(key)
	if lost == "" || lost == keyIsKnown {
		w.SigKey = key
	}
	if lost != "" {
		w.note("sig_key " + lost)
	}
}

// path translates path_beg and what happens to it.
func (w *routing) path(c Word) {
	beg, rewrites := w.beg, c.Has("replace_beg")
	if beg != "" {
		w.prefix(beg)
	}
	replaced := c.value("replace_beg")
	if !rewrites && c.Has("path_rem") {
		n, err := strconv.Atoi(c.value("path_rem"))
		if err != nil || n < 0 || n > len(beg) {
			w.leaveOut("path_rem cuts away more than path_beg, or is no number")
			return
		}
		replaced, rewrites = beg[n:], true
	}
	switch {
	case !rewrites:
		return
	case replaced == "":
		replaced = "/"
	case !isPath(replaced) || strings.HasSuffix(beg, "/") && !strings.HasSuffix(replaced, "/"):
		w.leaveOut(fmt.Sprintf("what %s becomes is not a whole path: %q", or(beg, "the path"), replaced))
		return
	}
	w.RewritePrefix = trimSlash(replaced)
}

func (w *routing) prefix(beg string) {
	if !isPath(beg) {
		w.leaveOut("path_beg=" + beg + " is not a path that whole segments make up")
		return
	}
	w.PathPrefix = trimSlash(beg)
}

// noteSegments tells of requests that the route no longer takes.
func (w *routing) noteSegments() {
	if w.beg != "" && !strings.HasSuffix(w.beg, "/") {
		w.note(fmt.Sprintf("path_beg=%s takes whole segments now: %s/x, not %sx", w.beg, w.beg, w.beg))
	}
}

// isPath reports whether text can be a prefix in Holdfast's configuration.
func isPath(text string) bool {
	return strings.HasPrefix(text, "/") && !strings.ContainsAny(text, "?#") && isPlain(text) && trimSlash(text) == path.Clean(text)
}

// trimSlash takes a trailing slash away, except from the root.
func trimSlash(prefix string) string {
	if len(prefix) > 1 {
		return strings.TrimSuffix(prefix, "/")
	}
	return prefix
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
