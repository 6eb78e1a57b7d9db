package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"golang.org/x/net/http/httpguts"
)

// errHeld makes ReverseProxy stop without an answer: the exchange has it.
var errHeld = errors.New("answer is held back")

// modifyResponse decides what becomes of an origin's answer.
func (h *Handler) modifyResponse(resp *http.Response) error {
	x := exchangeOf(resp.Request)
	if resp.StatusCode < 100 {
		return &failure{OriginBroken, fmt.Errorf("status %03d", resp.StatusCode)}
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return h.switchProtocols(x, resp)
	}
	resp.Body = &originBody{resp.Body, resp, x}
	if !x.chained && grip.IsInstruction(resp.Header) {
		answer := *resp
		x.held, resp.Body = &answer, http.NoBody // ReverseProxy closes it
		return errHeld
	}
	if x.tenure != nil {
		if err := x.judgedPlainly(resp); err != nil {
			return err
		}
	}
	x.body.forget()
	x.finishHeader(resp)
	if phrase := phraseOf(resp); phrase != "" {
		hold.SetReason(resp.Request, resp.StatusCode, phrase)
	}
	return nil
}

// phraseOf returns the reason phrase of an origin's answer, empty if it is the
// standard one or cannot be passed on.
func phraseOf(resp *http.Response) string {
	_, phrase, _ := strings.Cut(resp.Status, " ")
	if phrase == http.StatusText(resp.StatusCode) || !httpguts.ValidHeaderFieldValue(phrase) {
		return ""
	}
	return phrase
}

// finishHeader makes the header of an origin's answer the client's: without
// GRIP unless that is the client's business, with our Via and the route's edits. The announcement of a trailer is
// cleaned as well.
func (x *exchange) finishHeader(resp *http.Response) {
	if !x.chained {
		grip.Strip(resp.Header)
	}
	x.route.stripTrailer(resp.Trailer)
	addVia(resp.Header, resp.ProtoMajor, resp.ProtoMinor)
	x.route.Response.apply(resp.Header)
}

// handleError is called by ReverseProxy instead of relaying an answer.
func (h *Handler) handleError(_ http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errHeld) {
		return // ServeHTTP goes on with it
	}
	x := exchangeOf(r)
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{OriginBroken, err} // a switch of protocols that went wrong
	}
	h.refuse(x, r, f)
}
