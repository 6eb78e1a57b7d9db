package natstest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// ManualUsers returns the users of the server configuration that stands in a page
// of the manual.
func ManualUsers(t testing.TB, page string) []*server.User {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```\nauthorization {")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("%s has no authorization", page)
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte("authorization {"+block), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	return config.Users
}

// Without returns users with one of the first one's rights taken away: a subject
// that it may publish or subscribe to.
func Without(users []*server.User, verb, subject string) []*server.User {
	first := *users[0]
	permissions := *first.Permissions
	first.Permissions = &permissions
	side := &permissions.Subscribe
	if verb == "publish" {
		side = &permissions.Publish
	}
	rest := slices.DeleteFunc(slices.Clone((*side).Allow), func(s string) bool { return s == subject })
	if *side = (&server.SubjectPermission{Allow: rest}); len(rest) == 0 {
		(*side).Deny = []string{">"}
	}
	return append([]*server.User{&first}, users[1:]...)
}
