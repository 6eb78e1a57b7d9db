package pushpin

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// target translates one place that requests go to.
func (w *routing) target(t Word, first bool) {
	if t.Value == "test" || strings.HasPrefix(t.Value, "zhttp/") || strings.HasPrefix(t.Value, "zhttpreq/") {
		w.note("the target " + t.Value + " has no equivalent: origins are reached by HTTP")
		return
	}
	origin, ok := originURL(t)
	if !ok {
		w.note(fmt.Sprintf("the target %q is not HOST:PORT", t.Value))
		return
	}
	if slices.ContainsFunc(w.Origins, func(other string) bool { return strings.EqualFold(other, origin) }) {
		w.note(fmt.Sprintf("the target %s is there twice: origins are named once", t.Value))
	} else {
		w.Origins = append(w.Origins, origin)
	}
	host := t.value("host")
	if !first && host != w.host {
		w.note(fmt.Sprintf("the target %s has a host of its own: all origins of a route get the same", t.Value))
		host = ""
	}
	w.host = or(host, w.host)
	if over := t.Has("over_http"); len(w.Origins) > 1 && over != w.OverHTTP {
		w.note(fmt.Sprintf("the target %s and those before it differ in over_http: the route has it for all origins", t.Value))
	}
	for _, o := range t.Options {
		w.targetOption(t.Value, o)
	}
}

// originURL is the target as Holdfast names origins.
func originURL(t Word) (string, bool) {
	host, port, err := net.SplitHostPort(t.Value)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || portErr != nil || number == 0 || !isHost(host) {
		return "", false
	}
	scheme := "http"
	if t.Has("ssl") {
		scheme = "https"
	}
	text := scheme + "://" + net.JoinHostPort(host, port)
	u, err := url.Parse(text)
	return text, err == nil && u.Hostname() == host
}

func (w *routing) targetOption(target string, o Option) {
	switch o.Name {
	case "ssl", "host", "trust_connect_host": // certificates are always those of the origin's own name
	case "sub":
		switch {
		case o.Value == "" || len(o.Value) > maxName || !isPlain(o.Value):
			w.note("sub=" + o.Value + " cannot be the name of a channel")
		case !slices.Contains(w.Subscribe, o.Value):
			w.Subscribe = append(w.Subscribe, o.Value)
		}
	case "insecure":
		w.note("insecure of " + target + " has no equivalent: the origin's certificate is always checked; name who has signed it in origin_tls.ca, and its name in origin_tls.server_name")
	case "over_http":
		w.OverHTTP = true
	case "one_event":
		w.note("one_event of " + target + " has no equivalent: a request has every event that the client has caused meanwhile")
	case "untrusted":
		w.note("untrusted of " + target + " has no equivalent: origins are those that are named here")
	case "client_cert", "client_key":
		w.note(o.Name + " of " + target + " is not carried over: set origin_tls.cert and origin_tls.key to files with the certificate and its key")
	case "ipc_file_mode":
	default:
		w.note(fmt.Sprintf("the option %q of %s is not known", o.Name, target))
	}
}

// finish does what can only be done when all targets are known.
func (w *routing) finish() {
	if len(w.Origins) == 0 {
		w.leaveOut("it has no target that can be carried over")
	}
	if w.host != "" {
		w.header("Host: " + w.host)
	}
}

// header translates an edit of requests' headers: NAME: VALUE replaces, NAME:
// removes. A later edit of the same header counts.
func (w *routing) header(line string) {
	name, value, _ := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	edits := &w.RequestHeaders
	edits.Set = slices.DeleteFunc(edits.Set, func(line string) bool {
		other, _, _ := strings.Cut(line, ":")
		return strings.EqualFold(other, name)
	})
	edits.Remove = slices.DeleteFunc(edits.Remove, func(other string) bool { return strings.EqualFold(other, name) })
	switch {
	case !isToken(name) || !isPlain(value):
		w.note(fmt.Sprintf("header=%s is not a header", line))
	case isReserved(name):
		w.note("header=" + name + " is not carried over: forwarding and GRIP need it")
	case value == "":
		edits.Remove = append(edits.Remove, name)
	default:
		edits.Set = append(edits.Set, name+": "+value)
	}
}

// isToken reports whether name can be the name of a header (RFC 9110 §5.6.2).
func isToken(name string) bool {
	const marks = "!#$%&'*+-.^_`|~"
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		alphanumeric := 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9'
		return !alphanumeric && !strings.ContainsRune(marks, r)
	})
}

// isReserved reports whether Holdfast refuses to edit a header.
func isReserved(name string) bool {
	switch lower := strings.ToLower(name); lower {
	case "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return true
	default:
		return strings.HasPrefix(lower, "grip-")
	}
}
