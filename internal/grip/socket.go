package grip

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// extensionsField is where both ends of a WebSocket name extensions (RFC 6455
// §11.3.2).
const extensionsField = "Sec-Websocket-Extensions"

// socketExtension is GRIP's extension: the origin speaks to its proxy as well.
const socketExtension = "grip"

// deflateExtension compresses messages (RFC 7692).
const deflateExtension = "permessage-deflate"

// DefaultMessagePrefix is what messages for the client begin with, unless the
// origin says otherwise.
const DefaultMessagePrefix = "m:"

// Socket is what an origin says about the WebSocket that it accepts.
type Socket struct {
	// Prefix is what messages for the client begin with. It is not sent on.
	Prefix string
	// Deflated: the origin may compress its messages. If Fresh it starts anew
	// with each.
	Deflated, Fresh bool
}

// OfferSocket adds GRIP's extension to what a client offers to the origin. A
// client's own offer of it goes: clients do not speak GRIP.
func OfferSocket(h http.Header) {
	offers := []string{socketExtension}
	for _, line := range h[extensionsField] {
		pieces, err := split(line, ',')
		if err != nil {
			continue // no list, so nobody can accept anything of it
		}
		for _, piece := range pieces {
			name, _, _ := strings.Cut(piece, ";")
			name = strings.TrimSpace(name)
			if name != "" && !strings.EqualFold(name, socketExtension) {
				offers = append(offers, strings.TrimSpace(piece))
			}
		}
	}
	h[extensionsField] = []string{strings.Join(offers, ", ")}
}

// OffersSocket reports whether a client offers GRIP's extension, as only a GRIP proxy
// does.
func OffersSocket(h http.Header) bool {
	members, err := list(h, extensionsField)
	return err == nil && slices.ContainsFunc(members, isSocketExtension)
}

// AcceptSocket says to a client that is a GRIP proxy what the origin has agreed to.
func AcceptSocket(h http.Header, s *Socket) {
	answer := socketExtension
	if s.Prefix != DefaultMessagePrefix {
		answer += `; message-prefix="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.Prefix) + `"`
	}
	h[extensionsField] = []string{answer}
}

// ParseSocket reads the extensions that an origin accepts. It returns nil if
// GRIP's is not among them. The error says what cannot be done beside it.
func ParseSocket(h http.Header) (*Socket, error) {
	members, err := list(h, extensionsField)
	if err != nil || !slices.ContainsFunc(members, isSocketExtension) {
		return nil, err
	}
	s := &Socket{Prefix: DefaultMessagePrefix}
	for _, m := range members {
		switch strings.ToLower(m.value) {
		case socketExtension:
			for _, p := range m.params {
				if p.name == "message-prefix" {
					s.Prefix = p.value
				}
			}
		case deflateExtension:
			s.Deflated = true
			s.Fresh = s.Fresh || slices.ContainsFunc(m.params, func(p param) bool { return p.name == "server_no_context_takeover" })
		default:
			return nil, fmt.Errorf("%s has %q beside %q, which does not go with it", extensionsField, m.value, socketExtension)
		}
	}
	return s, nil
}

func isSocketExtension(m member) bool { return strings.EqualFold(m.value, socketExtension) }

// OffersDeflate reports whether a client offers permessage-deflate in a way that
// a server can take up which starts anew with each message and does not know
// the size of windows.
func OffersDeflate(h http.Header) bool {
	members, err := list(h, extensionsField)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(members, func(m member) bool {
		return strings.EqualFold(m.value, deflateExtension) && !slices.ContainsFunc(m.params, bindsServer)
	})
}

// bindsServer reports whether a parameter of an offer is one that we cannot do, or do
// not know (RFC 7692 §7.1: such an offer is declined).
func bindsServer(p param) bool {
	switch p.name {
	case "server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits":
		return false
	}
	return true
}

// AcceptDeflate says to the client that its offer is taken up.
func AcceptDeflate(h http.Header) {
	h[extensionsField] = []string{deflateExtension + "; server_no_context_takeover; client_no_context_takeover"}
}

// StripExtensions removes what is between the origin and its proxy.
func StripExtensions(h http.Header) { delete(h, extensionsField) }
