package demo

import (
	"fmt"
	"io"
	"strings"
)

// URLs are where a running demo can be reached.
type URLs struct {
	// Page is Holdfast's public URL, which shows the demo's page.
	Page string
	// Control is the base URL of the control endpoint.
	Control string
	// Token is needed at the control endpoint; empty for none.
	Token string
}

// Banner writes what a newcomer should try, with commands that can be pasted.
func Banner(w io.Writer, urls URLs) error {
	page, control := strings.TrimSuffix(urls.Page, "/"), strings.TrimSuffix(urls.Control, "/")
	auth := ""
	if urls.Token != "" {
		auth = "-H 'Authorization: Bearer " + urls.Token + "' "
	}
	_, err := fmt.Fprintf(w, `
  Holdfast demo

  Open     %[1]s/

  Follow   curl -N '%[1]s/events?user=alice'
           curl -NL '%[1]s/connect?user=bob'       (redirected set-up)
           curl '%[1]s/poll?user=bob'              (long poll)

  Publish  curl %[3]s-d 'hello, everybody' %[2]s/channels/public
           curl %[3]s-d 'hello, alice' '%[2]s/channels/user-alice?event=greeting'
           curl %[3]s-d '{"items":[{"channel":"user-bob","formats":{"http-stream":{"content":"data: hello, bob\n\n"},"http-response":{"body":"hello, bob\n"}}}]}' %[2]s/publish/
           (Only the last one is for long polls too: it has a format for them.)

  Look     curl %[3]s'%[2]s/streams?user=alice'
  Revoke   curl %[3]s-d '{"user":"alice","for":"10s"}' %[2]s/revoke

  Ctrl-C ends it.

`, page, control, auth)
	return err
}
