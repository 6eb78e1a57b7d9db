package main

import (
	"crypto/rand"
	_ "embed"
	"net/http"
	"net/url"
	"sync"
	"time"
)

//go:embed page.html
var page []byte

// api is the API. What it keeps in memory, a real one keeps in a database or
// in signed values.
type api struct {
	site     string // origin of the page
	holdfast string // public URL of Holdfast
	control  string // URL of its control endpoint

	mu       sync.Mutex
	sessions map[string]string // cookie -> user
	tickets  map[string]ticket // token in a redirect -> what it is good for
}

type ticket struct {
	user string
	ends time.Time
}

// ticketLifetime covers one redirect. The browser asks /live again whenever it
// returns, and gets a new one.
const ticketLifetime = 30 * time.Second

func newAPI(site, holdfast, control string) *api {
	return &api{
		site: site, holdfast: holdfast, control: control,
		sessions: map[string]string{},
		tickets:  map[string]ticket{},
	}
}

// routes are of two kinds: what browsers ask the API for, and /setup, which
// Holdfast asks for. In production /setup can be on an internal address.
func (a *api) routes() http.Handler {
	public := http.NewServeMux()
	public.HandleFunc("GET /{$}", a.home)
	public.HandleFunc("GET /live", a.live)
	public.HandleFunc("POST /publish", a.publish)
	all := http.NewServeMux()
	all.HandleFunc("GET /setup", a.setup)
	all.HandleFunc("OPTIONS /setup", a.preflight)
	all.Handle("/", http.NewCrossOriginProtection().Handler(public))
	return all
}

// home shows the page and makes a session. SameSite=Lax is enough: the cookie
// is only ever needed on the API's own site.
func (a *api) home(w http.ResponseWriter, r *http.Request) {
	if a.user(r) == "" {
		session, user := rand.Text(), "guest-"+rand.Text()[:6]
		a.mu.Lock()
		a.sessions[session] = user
		a.mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "session", Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(page)
}

// live is what the page's EventSource opens. It knows the user by the cookie,
// and sends the browser on with a token that is worth nothing to anybody who
// sees it later.
func (a *api) live(w http.ResponseWriter, r *http.Request) {
	user := a.user(r)
	if user == "" {
		http.Error(w, "no session: load the page again", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	target := a.holdfast + "/setup?token=" + url.QueryEscape(a.issue(user))
	http.Redirect(w, r, target, http.StatusTemporaryRedirect)
}

// user returns who has the session of r; "" without one.
func (a *api) user(r *http.Request) string {
	cookie, err := r.Cookie("session")
	if err != nil {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sessions[cookie.Value]
}

// issue returns a new token for user, and forgets the ones that have ended.
func (a *api) issue(user string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for token, t := range a.tickets {
		if time.Now().After(t.ends) {
			delete(a.tickets, token)
		}
	}
	token := rand.Text()
	a.tickets[token] = ticket{user, time.Now().Add(ticketLifetime)}
	return token
}

// redeem returns whom the token was issued to; "" if it is not good. It is good
// until it ends and not just once: a browser or a proxy may repeat the request.
func (a *api) redeem(token string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tickets[token]
	if time.Now().After(t.ends) {
		return ""
	}
	return t.user
}
