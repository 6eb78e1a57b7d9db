package explain

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// WriteText writes the report for people. The error is w's.
func (r *Report) WriteText(w io.Writer) error {
	var t text
	t.request(r)
	t.attempts(r.Attempts)
	t.instruction(r.Instruction)
	t.hold(r.Hold)
	t.client(r)
	t.findings(r.Findings)
	_, err := io.WriteString(w, t.String())
	return err
}

// text is a report under way.
type text struct{ strings.Builder }

func (t *text) section(title string) {
	if t.Len() > 0 {
		t.WriteString("\n")
	}
	t.WriteString(title + "\n")
}

// line writes what is known under a name, if it is known.
func (t *text) line(name, value string) {
	if value != "" {
		fmt.Fprintf(t, "  %-15s %s\n", name, Visible(value))
	}
}

// Visible shows control characters as escapes, so that nothing an origin says
// can act on a terminal. Backslashes stay as they are.
func Visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

func (t *text) header(h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			t.WriteString("    " + Visible(name+": "+value) + "\n")
		}
	}
}

func (t *text) request(r *Report) {
	t.section("Request")
	t.WriteString("  " + Visible(r.Request.Method+" "+r.Request.Target+" of "+r.Request.Host) + "\n")
	t.section("Route")
	if r.Route == nil {
		t.WriteString("  none takes it\n")
		return
	}
	t.line("name", r.Route.Name)
	t.line("host", r.Route.Host)
	t.line("path prefix", r.Route.PathPrefix)
	t.line("becomes", r.Route.RewritePrefix)
	t.line("protocol", r.Route.Protocol)
	t.line("tls", r.Route.TLS)
	t.line("origins", strings.Join(r.Route.Origins, ", "))
	t.line("channel prefix", r.Route.ChannelPrefix)
	t.line("subscribes", strings.Join(r.Route.Subscribe, ", "))
}

func (t *text) attempts(all []Attempt) {
	for _, a := range all {
		t.section("Origin " + Visible(a.Origin) + " is asked")
		t.WriteString("    " + Visible(a.Request.Method+" "+a.Request.Target+" HTTP/1.1") + "\n")
		t.WriteString("    " + Visible("Host: "+a.Request.Host) + "\n")
		t.header(a.Request.Header)
		if a.Error != "" {
			t.WriteString("  and fails: " + Visible(a.Error) + "\n")
		}
		if a.Answer != nil {
			t.WriteString("  and answers " + Visible(a.Answer.Status) + "\n")
			t.header(a.Answer.Header)
		}
	}
}

func (t *text) instruction(in *Instruction) {
	if in == nil {
		return
	}
	t.section("Instruction")
	t.line("hold", in.Hold)
	t.channels(in.Channels)
	t.line("timeout", in.Timeout)
	t.line("expires after", in.Expires)
	t.keepAlive(in.KeepAlive)
	t.line("status", in.Status)
	for _, name := range slices.Sorted(maps.Keys(in.Meta)) {
		t.line("meta", name+" = "+in.Meta[name])
	}
	t.line("exposes", strings.Join(in.ExposeHeaders, ", "))
	for _, l := range in.Links {
		t.line("link "+l.Rel, l.URI)
	}
}

func (t *text) channels(all []Channel) {
	for _, c := range all {
		value := c.Name
		if c.PrevID != "" {
			value += ", after the item " + c.PrevID
		}
		if c.Replay != "" {
			value += ", replay " + c.Replay
		}
		if len(c.Filters) > 0 {
			value += ", filters " + strings.Join(c.Filters, ", ")
		}
		t.line("channel", value)
	}
}

func (t *text) keepAlive(k *KeepAlive) {
	if k != nil {
		t.line("keep-alive", fmt.Sprintf("%q every %s (%s)", k.Data, k.Interval, k.Mode))
	}
}

func (t *text) hold(h *Hold) {
	if h == nil {
		return
	}
	kind := "a response, for one that is published"
	if h.Kind == "stream" {
		kind = "a stream"
		if h.Events {
			kind = "an event stream"
		}
	}
	t.section("Held")
	t.line("what", kind)
	t.channels(h.Channels)
	resume := "what is new"
	if h.ResumeFrom != "" {
		resume = "what came after " + h.ResumeFrom
	}
	t.line("begins with", resume)
	t.keepAlive(h.KeepAlive)
	t.line("timeout", h.Timeout)
	t.line("if too slow", h.OnLag)
	t.line("write timeout", h.WriteTimeout)
}

func (t *text) client(r *Report) {
	t.section("The client gets")
	if r.Failure != nil {
		t.line("failure", r.Failure.Reason+": "+r.Failure.Error)
	}
	if r.Client.Status != "" {
		t.WriteString("    " + Visible("HTTP/1.1 "+r.Client.Status) + "\n")
		t.header(r.Client.Header)
	}
	if r.Client.BodyBytes > 0 {
		fmt.Fprintf(t, "  a body of %d bytes\n", r.Client.BodyBytes)
		for line := range strings.Lines(r.Client.Body) {
			t.WriteString(strings.TrimRight("    "+Visible(strings.TrimRight(line, "\r\n")), " ") + "\n")
		}
	}
	if r.Client.Ending != "" {
		t.WriteString("  " + r.Client.Ending + "\n")
	}
}

func (t *text) findings(all []Finding) {
	t.section("Findings")
	if len(all) == 0 {
		t.WriteString("  none\n")
	}
	for _, f := range all {
		kind := "hint"
		if f.Mistake {
			kind = "mistake"
		}
		t.WriteString("  " + kind + ": " + Visible(f.Problem) + "\n    remedy: " + Visible(f.Remedy) + "\n")
	}
}
