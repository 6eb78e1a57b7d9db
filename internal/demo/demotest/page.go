package demotest

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
)

// Page runs the tests of the page. start starts a whole system with the demo
// as its origin, which ends with t, and returns the public URL.
func Page(t *testing.T, start func(t testing.TB) (publicURL string)) {
	tests := map[string]func(*testing.T, *tab){
		"an event for everybody arrives once with everybody":      public,
		"an event for one user arrives with that user alone":      private,
		"what is missed after a cut arrives once and in order":    missed,
		"the redirected set-up misses nothing after a cut either": missedRedirected,
		"the page fits a phone":                                   phone,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t, start(t))) })
	}
}

func public(t *testing.T, p *tab) {
	p.run(chromedp.SendKeys(chromedp.CSS("#text"), "hello all"), chromedp.Click(chromedp.CSS("#publish button")))
	p.sees("alice", "hello all")
	p.sees("bob", "hello all")
}

func private(t *testing.T, p *tab) {
	p.publish("alice", "for alice")
	p.publish("public", "for all")
	p.sees("bob", "for all")
	p.sees("alice", "for alice", "for all")
}

func missed(t *testing.T, p *tab) {
	p.publish("public", "before")
	p.sees("alice", "before")
	p.cutAndMiss()
	p.sees("alice", "before", "one", "two", "three")
	p.sees("bob", "before", "one", "three")
	p.marked("alice", "one", "two", "three")
	browsertest.Screenshot(p.ctx, t, "demo-missed")
	p.publish("alice", "after")
	p.sees("alice", "before", "one", "two", "three", "after")
}

func missedRedirected(t *testing.T, p *tab) {
	p.run(chromedp.Click(chromedp.CSS(`#setup input[value="connect"]`)))
	p.connected("alice", 2)
	p.connected("bob", 2)
	p.cutAndMiss()
	p.sees("alice", "one", "two", "three")
	p.sees("bob", "one", "three")
	p.marked("alice", "one", "two", "three")
}

func phone(t *testing.T, p *tab) {
	p.run(chromedp.EmulateViewport(360, 740))
	p.publish("public", longWord)
	p.sees("bob", longWord)
	browsertest.Screenshot(p.ctx, t, "demo-phone")
	if browsertest.Value(p.ctx, t, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > innerWidth")) {
		t.Error("the page scrolls sideways at 360 px")
	}
}

const longWord = "one_word_that_is_wider_than_a_phone_and_has_no_space_to_break_it_at"
