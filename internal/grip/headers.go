package grip

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// parseHeaders reads the Grip-* headers into in.
func parseHeaders(in *Instruction, h http.Header) error {
	for _, parse := range []func(*Instruction, http.Header) error{
		parseHold, parseChannels, parseTimeout, parseExpires, parseKeepAlive, parseStatus, parseMeta, parseExpose, parseLinks,
	} {
		if err := parse(in, h); err != nil {
			return err
		}
	}
	return nil
}

func parseHold(in *Instruction, h http.Header) error {
	if len(h.Values("Grip-Hold")) == 0 {
		return nil
	}
	switch h.Get("Grip-Hold") {
	case "response":
		in.Hold = Response
	case "stream":
		in.Hold = Stream
	default:
		return errors.New("Grip-Hold must be set to either 'response' or 'stream'")
	}
	return nil
}

func parseChannels(in *Instruction, h http.Header) error {
	members, err := list(h, "Grip-Channel")
	if err != nil {
		return err
	}
	for _, m := range members {
		c := Channel{Name: m.value}
		for _, p := range m.params {
			switch p.name {
			case "prev-id":
				c.PrevID = p.value
			case "filter":
				c.Filters = append(c.Filters, p.value)
			case "replay":
				if err := c.setReplay(p.value); err != nil {
					return fmt.Errorf("Grip-Channel %q: %w", m.value, err)
				}
			}
		}
		in.Channels = append(in.Channels, c)
	}
	return nil
}

// setReplay reads the bound on what is replayed: off, or an age.
func (c *Channel) setReplay(value string) error {
	if value == "off" {
		c.NoReplay = true
		return nil
	}
	age, err := time.ParseDuration(value)
	if err != nil || age <= 0 {
		return fmt.Errorf("replay must be 'off' or a duration such as '30s', not %q", value)
	}
	c.ReplayAge = age
	return nil
}

func parseTimeout(in *Instruction, h http.Header) error {
	if len(h.Values("Grip-Timeout")) == 0 {
		return nil
	}
	timeout, err := parseSeconds(h.Get("Grip-Timeout"))
	if err != nil {
		return fmt.Errorf("Grip-Timeout %w", err)
	}
	in.Timeout = max(timeout, MinTimeout)
	return nil
}

func parseExpires(in *Instruction, h http.Header) (err error) {
	in.Expires, err = ParseExpires(h)
	return err
}

// ParseExpires reads for how long a client is let in (Instruction.Expires) of a header
// that has no other instruction, as that of a WebSocket.
func ParseExpires(h http.Header) (time.Duration, error) {
	if len(h.Values("Grip-Expires")) == 0 {
		return 0, nil
	}
	expires, err := parseSeconds(h.Get("Grip-Expires"))
	if err == nil && expires == 0 {
		err = errors.New("must be at least 1")
	}
	if err != nil {
		return 0, fmt.Errorf("Grip-Expires %w", err)
	}
	return expires, nil
}

// maxSeconds bounds all timeouts: a year.
const maxSeconds = 365 * 24 * 3600

func parseSeconds(s string) (time.Duration, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 63)
	if err != nil || n > maxSeconds {
		return 0, fmt.Errorf("must be a number of seconds from 0 to %d, not %q", maxSeconds, s)
	}
	return time.Duration(n) * time.Second, nil
}

func parseStatus(in *Instruction, h http.Header) error {
	value := strings.TrimSpace(h.Get("Grip-Status"))
	if value == "" {
		return nil
	}
	code, reason, _ := strings.Cut(value, " ")
	n, err := strconv.Atoi(code)
	if err != nil {
		return fmt.Errorf("Grip-Status must start with a number, not %q", code)
	}
	in.Status, in.Reason = n, strings.TrimSpace(reason)
	if err := checkStatus(in.Status, in.Reason); err != nil {
		return fmt.Errorf("Grip-Status: %w", err)
	}
	return nil
}

func parseMeta(in *Instruction, h http.Header) error {
	for _, line := range h.Values("Grip-Set-Meta") {
		members, err := split(line, ',')
		if err != nil {
			return fmt.Errorf("Grip-Set-Meta %w", err)
		}
		for _, m := range members {
			if err := in.setMeta(m); err != nil {
				return fmt.Errorf("Grip-Set-Meta %w", err)
			}
		}
	}
	return nil
}

// setMeta reads key=value *( ";" key=value ).
func (in *Instruction) setMeta(pairs string) error {
	pieces, err := split(pairs, ';')
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		key, _, found := strings.Cut(piece, "=")
		p, err := parseParam(piece)
		if err != nil {
			return err
		}
		if !found || p.name == "" {
			return fmt.Errorf("must be key=value, not %q", piece)
		}
		if in.Meta == nil {
			in.Meta = make(map[string]string)
		}
		in.Meta[strings.TrimSpace(key)] = p.value
	}
	return nil
}

func parseExpose(in *Instruction, h http.Header) error {
	members, err := list(h, "Grip-Expose-Headers")
	if err != nil {
		return err
	}
	if len(h.Values("Grip-Expose-Headers")) > 0 {
		in.ExposeHeaders = make([]string, 0, len(members)) // said, even if none
	}
	for _, m := range members {
		in.ExposeHeaders = append(in.ExposeHeaders, m.value)
	}
	return nil
}

func parseLinks(in *Instruction, h http.Header) error {
	members, err := list(h, "Grip-Link")
	if err != nil {
		return err
	}
	for _, m := range members {
		link := Link{Timeout: DefaultLinkWait}
		for _, p := range m.params {
			switch p.name {
			case "rel":
				link.Rel = p.value
			case "timeout":
				if link.Timeout, err = parseSeconds(p.value); err != nil {
					return fmt.Errorf("Grip-Link: timeout %w", err)
				}
			}
		}
		if link.Rel != "next" && link.Rel != "gone" {
			continue // RFC 8288 §3.3: unknown relations are ignored
		}
		uri, ok := strings.CutPrefix(m.value, "<")
		uri, closed := strings.CutSuffix(uri, ">")
		if !ok || !closed || uri == "" {
			return fmt.Errorf("Grip-Link with rel=%s must be <URI>, not %q", link.Rel, m.value)
		}
		if _, err := url.Parse(uri); err != nil {
			return fmt.Errorf("Grip-Link with rel=%s: %w", link.Rel, err)
		}
		link.URI = uri
		in.Links = append(in.Links, link)
	}
	return nil
}
