package demotest

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
)

// tab is the demo's page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open opens the page and waits until both users are connected.
func open(t *testing.T, publicURL string) *tab {
	p := &tab{t, browsertest.New(t)}
	p.run(chromedp.Navigate(publicURL + "/"))
	p.connected("alice", 1)
	p.connected("bob", 1)
	return p
}

func (p *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	browsertest.Do(p.ctx, p.t, actions...)
}

// publish sends what the form would and returns when Holdfast has taken it.
func (p *tab) publish(to, text string) {
	p.t.Helper()
	script := fmt.Sprintf(
		`fetch("/publish", {method: "POST", body: new URLSearchParams({to: %q, text: %q})}).then((r) => r.status)`, to, text)
	status := browsertest.Value(p.ctx, p.t, chromedp.Evaluate[int](script, chromedp.EvalAwaitPromise))
	if status != http.StatusNoContent {
		p.t.Fatalf("publishing %q to %s: status %d", text, to, status)
	}
}

// cutAndMiss cuts alice's connection and publishes three events while she is
// away, the second for her alone.
func (p *tab) cutAndMiss() {
	p.t.Helper()
	p.run(
		chromedp.Click(chromedp.CSS(`[data-user="alice"] .cut`)),
		chromedp.Poll[chromedp.Void](`document.querySelector('[data-user="alice"] .word').textContent.startsWith("offline")`),
	)
	p.publish("public", "one")
	p.publish("alice", "two")
	p.publish("public", "three")
	browsertest.Screenshot(p.ctx, p.t, "demo-offline")
}

// connected waits until the user's log says so for the n-th time.
func (p *tab) connected(user string, n int) {
	p.t.Helper()
	p.run(chromedp.Poll[chromedp.Void](fmt.Sprintf(`%s.filter((text) => text === "connected").length >= %d`, texts(user, "li.page"), n)))
}

// sees waits for as many messages in the user's log as are wanted and compares
// all that are there: one twice or out of place is an error.
func (p *tab) sees(user string, want ...string) {
	p.t.Helper()
	p.compare(user, "li[data-type=message]", want)
}

// marked is sees for the messages that are marked as missed while away.
func (p *tab) marked(user string, want ...string) {
	p.t.Helper()
	p.compare(user, "li.missed", want)
}

func (p *tab) compare(user, selector string, want []string) {
	p.t.Helper()
	list := texts(user, selector)
	enough := chromedp.Poll[chromedp.Void](fmt.Sprintf("%s.length >= %d", list, len(want)))
	if err := chromedp.Do(p.ctx, enough); err != nil {
		p.t.Errorf("waiting for %d lines %s of %s: %v", len(want), selector, user, err)
	}
	got := browsertest.Value(p.ctx, p.t, chromedp.Evaluate[[]string](list))
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Fatalf("%s of %s differ (-want +got):\n%s", selector, user, diff)
	}
}

// texts is a script for the first text of all such lines in the user's log.
func texts(user, selector string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('[data-user=%q] %s')].map((line) => line.firstChild.textContent)`, user, selector)
}
