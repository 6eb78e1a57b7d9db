package explain

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// badInstruction tells what to write instead of what cannot be read or followed.
func badInstruction(e *evidence) []Finding {
	err := e.saw.refused
	if err == nil && e.saw.reason == proxy.BadInstruction {
		err = e.saw.err
	}
	if err == nil {
		return nil
	}
	return mistake(instructionRemedy(e, err.Error()), "the instruction is refused: %v", err)
}

func instructionRemedy(e *evidence, problem string) string {
	starts := func(prefix string) bool { return strings.HasPrefix(problem, prefix) }
	has := func(part string) bool { return strings.Contains(problem, part) }
	switch {
	case has("replay must be"):
		return "write replay=off, or an age with its unit, as in replay=30s; in JSON \"replay\": \"30s\""
	case has("unknown filter"):
		return "write one of these, or leave the filter out"
	case has("cstring has"), has("cstring ends"):
		return `write one of \\, \r, \n, \t and \xHH, or 'format=base64' for anything`
	case has("is not an origin of the route"), has("is not an http or https URL"):
		return "link to a path of this API, as in 'Grip-Link: </path>; rel=next', or add who is linked to to the route's origins"
	case has("cannot be held open"):
		return "answer 200: what is held needs a status that can have a body"
	case starts("Grip-Hold"):
		return "write 'Grip-Hold: stream' or 'Grip-Hold: response', in lower case"
	case starts("Grip-Channel"):
		return "write 'Grip-Channel: NAME', with parameters as in NAME; prev-id=ID"
	case starts("Grip-Timeout"):
		return "write whole seconds, as in 'Grip-Timeout: 25'"
	case starts("Grip-Expires"):
		return "write whole seconds, as in 'Grip-Expires: 3600'"
	case starts("Grip-Keep-Alive"):
		return `write data first, as in 'Grip-Keep-Alive: :\n\n; format=cstring; timeout=20'`
	case starts("Grip-Link"):
		return "write 'Grip-Link: </path>; rel=next'"
	case starts("Grip-Set-Meta"):
		return "write 'Grip-Set-Meta: key=value'"
	case starts("Grip-Status"):
		return "write a status from 200 to 599, as in 'Grip-Status: 202 Later'"
	case starts("response code for"):
		return "answer 200; what the client gets is response.code in the body"
	case has("max_channels_per_stream"):
		return "name fewer channels, or raise max_channels_per_stream"
	case starts("channel name"):
		return "name the channel: 1 to 255 bytes without control characters"
	case grip.IsJSON(e.saw.answer.header):
		return `write {"hold": {"mode": "stream", "channels": [{"name": "NAME"}]}, "response": {...}}`
	default:
		return "see docs/grip.md for what is supported"
	}
}

func channelsWithoutHold(e *evidence) []Finding {
	in := e.saw.instruction
	if in == nil || in.Hold != grip.None || len(in.Channels) == 0 || len(in.Links) > 0 {
		return nil
	}
	return mistake("add 'Grip-Hold: stream' or 'Grip-Hold: response'", "channels are named, but nothing is held without Grip-Hold")
}

func holdWithoutChannels(e *evidence) []Finding {
	in := e.saw.instruction
	if in == nil || in.Hold == grip.None || e.saw.refused != nil || len(in.Channels)+len(e.saw.route.Subscribe) > 0 {
		return nil
	}
	return mistake("add 'Grip-Channel: NAME'", "the answer is held, but on no channel: nobody can publish to it")
}

// namedAgain finds channels of which the last word is not the only one.
func namedAgain(e *evidence) []Finding {
	in := e.saw.instruction
	if in == nil || len(in.Overruled) == 0 {
		return nil
	}
	return hint("name each channel once, with all its parameters",
		"%s is named more than once, differently: only what is said last counts", strings.Join(in.Overruled, ", "))
}

// instructionAsData finds an instruction in JSON that is not marked as one.
func instructionAsData(e *evidence) []Finding {
	if e.saw.answer == nil || e.saw.instruction != nil || !bytes.HasPrefix(bytes.TrimSpace(e.body), []byte("{")) ||
		!bytes.Contains(e.body, []byte(`"hold"`)) || !bytes.Contains(e.body, []byte(`"channels"`)) {
		return nil
	}
	return mistake("send it with 'Content-Type: "+grip.ContentType+"'",
		"the body looks like an instruction, but its Content-Type is %q: the client gets it", e.origin("Content-Type"))
}

// literalEscapes finds escapes that nobody undoes.
func literalEscapes(e *evidence) []Finding {
	k := e.origin("Grip-Keep-Alive")
	if !strings.Contains(k, `\`) || strings.Contains(k, "format=") {
		return nil
	}
	return mistake("add '; format=cstring'", "Grip-Keep-Alive has escapes but no format: clients get backslashes")
}

// keepAliveBreaksEvents finds data that is not whole lines of an event stream.
func keepAliveBreaksEvents(e *evidence) []Finding {
	in := e.saw.instruction
	if in == nil || in.KeepAlive == nil || e.hold == nil || !e.hold.Events || len(literalEscapes(e)) > 0 {
		return nil
	}
	var boundary sse.State
	if sse.Scan(in.KeepAlive.Data).Effect.From(boundary).AtBoundary() {
		return nil
	}
	return mistake(`send a comment and a blank line: 'Grip-Keep-Alive: :\n\n; format=cstring', or leave it to the route`,
		"the keep-alive %q does not end with a blank line: what is published after it becomes a part of it", in.KeepAlive.Data)
}

func shortTimeout(e *evidence) []Finding {
	asked, err := strconv.Atoi(e.origin("Grip-Timeout"))
	if err != nil || !e.holds(grip.Response) || asked >= int(grip.MinTimeout.Seconds()) {
		return nil
	}
	return hint("write 5 or more", "Grip-Timeout: %d is taken as %v", asked, grip.MinTimeout)
}

// withoutEffect finds settings of the other kind of hold.
func withoutEffect(e *evidence) []Finding {
	switch {
	case e.holds(grip.Stream) && e.said("Grip-Timeout"):
		return hint("leave it out; Grip-Keep-Alive is for quiet streams", "Grip-Timeout has no effect on a stream: it stays open")
	case e.holds(grip.Response) && e.said("Grip-Keep-Alive"):
		return hint("leave it out; Grip-Timeout is how long to wait", "Grip-Keep-Alive has no effect on a held response: nothing is sent before it")
	case e.holds(grip.Response) && e.said("Grip-Expires"):
		return hint("leave it out; the client asks again soon enough", "Grip-Expires has no effect on a held response: only streams expire")
	}
	return nil
}

// sessions finds what only other proxies do.
func sessions(e *evidence) []Finding {
	for _, name := range []string{"Grip-Session-Id", "Grip-Session-Detect"} {
		if e.said(name) {
			return mistake("leave it out; a client that comes back says by Last-Event-ID what it has seen", "%s is not supported: it is ignored", name)
		}
	}
	return nil
}

func unknownLinks(e *evidence) []Finding {
	if e.saw.instruction == nil || !e.said("Grip-Link") || len(e.saw.instruction.Links) > 0 {
		return nil
	}
	return mistake("write 'Grip-Link: </path>; rel=next'", "Grip-Link: %s has no relation that is known: it is ignored", e.origin("Grip-Link"))
}
