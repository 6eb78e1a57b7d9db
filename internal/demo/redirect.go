package demo

import (
	"net/http"
	"net/url"
	"time"
)

// connect is the API's half of the redirected set-up: it knows the user, and
// sends the browser to Holdfast with a token that says so. A 307 keeps the
// method; the browser carries its Last-Event-ID along, and asks /connect again
// whenever it returns, so the token only has to live as long as a redirect.
func (o *origin) connect(w http.ResponseWriter, r *http.Request) {
	user, ok := userOf(w, r)
	if !ok {
		return
	}
	allowOtherSites(w.Header().Set)
	w.Header().Set("Cache-Control", "no-store")
	token := o.sign(user, time.Now().Add(tokenLifetime))
	http.Redirect(w, r, o.publicURL+"/setup?token="+url.QueryEscape(token), http.StatusTemporaryRedirect)
}

// setup is the endpoint that Holdfast calls. It knows nothing but the token,
// and answers the hold. The JSON form of the instruction, used here, says the
// same as the headers of events.
//
// A bad token is answered 403, which ends an EventSource for good: coming back
// with the same one would not help.
func (o *origin) setup(w http.ResponseWriter, r *http.Request) {
	user, err := o.verify(r.FormValue("token"), time.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/grip-instruct")
	w.Write([]byte(jsonText(instruction(user))))
}

// instruction holds a stream. All headers for the browser are in its response
// part; those of the answer that carries the instruction go no further than
// Holdfast.
func instruction(user string) map[string]any {
	headers := map[string]string{"Content-Type": "text/event-stream"}
	allowOtherSites(func(name, value string) { headers[name] = value })
	return map[string]any{
		"hold": map[string]any{
			"mode":     "stream",
			"channels": []map[string]string{{"name": publicChannel}, {"name": userChannel(user)}},
			"meta":     map[string]string{"user": user},
		},
		"response": map[string]any{"headers": headers, "body": opening(user)},
	}
}

// allowOtherSites lets pages of every other site read the response. That is
// needed when Holdfast's public URL is not where the page came from, and right
// only because the token alone decides: no cookie takes part. For cookies see
// examples/redirect.
func allowOtherSites(set func(name, value string)) {
	set("Access-Control-Allow-Origin", "*")
}
