package control_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/access"
)

func TestEveryRefusedCallIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		edit, logs := failing(nil, zap.InfoLevel)
		e := newEnv(t, edit, withAccess(access.Terms{Name: "billing", Rights: access.Publish, Channels: only(t, "user-*")}))
		wrong := request{method: "GET", path: "/", status: 401, answer: "*", header: bearer("hunter2")}
		wrong.check(t, e)
		request{method: "GET", path: "/channels/secret-name", status: 403, answer: "*", header: bearer("billing")}.check(t, e)
		request{method: "POST", path: "/channels/secret-name", body: "x", status: 403, answer: "*", header: bearer("billing")}.check(t, e)
		wrong.check(t, e)
		var got []string
		for _, entry := range logs.All() {
			got = append(got, fmt.Sprint(entry.Level, " ", entry.Message, " ", entry.ContextMap()))
		}
		want := []string{
			"warn control request refused map[client:192.0.2.1:1234 endpoint:/ method:GET reason:unknown_token]",
			"warn control request refused map[access:billing client:192.0.2.1:1234 endpoint:/channels/{name} method:GET reason:missing_right]",
			"warn control request refused map[access:billing client:192.0.2.1:1234 endpoint:/channels/{name} method:POST reason:other_channel]",
			"warn control request refused map[client:192.0.2.1:1234 endpoint:/ method:GET reason:unknown_token]",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// A flood of one reason fills no log, and keeps no other reason out of it.
func TestAFloodOfRefusedCallsIsLoggedByNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		edit, logs := failing(nil, zap.InfoLevel)
		e := newEnv(t, edit, withAccess(access.Terms{Name: "billing", Rights: access.Publish}))
		flood := request{method: "GET", path: "/channels", status: 403, answer: "*", header: bearer("billing")}
		for range 1000 {
			flood.check(t, e)
		}
		if n := logs.Len(); n != 100 {
			t.Errorf("%d lines of a thousand at once, want 100", n)
		}
		request{method: "GET", path: "/", status: 401, answer: "*", header: bearer("wrong")}.check(t, e)
		if n := logs.FilterField(zap.String("reason", "unknown_token")).Len(); n != 1 {
			t.Errorf("%d lines of another reason, want 1", n)
		}
		time.Sleep(time.Second)
		flood.check(t, e)
		if last := logs.All()[logs.Len()-1].ContextMap(); last["left_out"] != uint64(900) {
			t.Errorf("the next line is %v", last)
		}
	})
}

func TestRefusedCallsAreCountedByReason(t *testing.T) {
	e := newEnv(t)
	request{method: "GET", path: "/", status: 403, answer: "*", header: map[string][]string{"Origin": {"null"}}}.check(t, e)
	request{method: "GET", path: "/", status: 403, answer: "*", header: map[string][]string{"Host": {"a.example"}}}.check(t, e)
	request{method: "GET", path: "/", status: 403, answer: "*", header: map[string][]string{"Host": {"a.example"}}}.check(t, e)
	want := map[string]int{"web_page": 1, "foreign_host": 2}
	for _, reason := range access.Reasons() {
		line := fmt.Sprintf("holdfast_control_refused_total{reason=%q} %d\n", reason, want[string(reason)])
		if !strings.Contains(metric(t, e, "holdfast_control_refused_total"), line) {
			t.Errorf("there is no %s", line)
		}
	}
}
