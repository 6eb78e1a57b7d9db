package explain

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// evidence is what rules look at. They change nothing in it.
type evidence struct {
	request *http.Request
	saw     *witness
	hold    *Hold // nil: nothing would be held
	client  *Answer
	body    []byte // what the client got of it
	endless bool   // the body did not end
}

// A rule finds one kind of mistake.
type rule func(*evidence) []Finding

// advise applies all rules. Mistakes come before hints.
func advise(e *evidence) []Finding {
	found := []Finding{}
	for _, r := range []rule{
		failed, noRoute,
		misspelt, badInstruction, channelsWithoutHold, holdWithoutChannels, namedAgain, instructionAsData, unsigned,
		literalEscapes, keepAliveBreaksEvents, shortTimeout, withoutEffect, sessions, unknownLinks,
		noEventStream, eventStreamStatus, hiddenContentType, unfinishedEvent, ownStream, neverHeld,
		instructedLength, coded, cached, buffered,
		notForThatPage, notWithCredentials,
	} {
		found = append(found, r(e)...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		switch {
		case a.Mistake == b.Mistake:
			return 0
		case a.Mistake:
			return -1
		default:
			return 1
		}
	})
	return found
}

func mistake(remedy, format string, args ...any) []Finding {
	return []Finding{{true, fmt.Sprintf(format, args...), remedy}}
}

func hint(remedy, format string, args ...any) []Finding {
	return []Finding{{false, fmt.Sprintf(format, args...), remedy}}
}

// origin is a value of the header of the origin's answer, empty if there is
// none.
func (e *evidence) origin(name string) string {
	if e.saw.answer == nil {
		return ""
	}
	return e.saw.answer.header.Get(name)
}

// said reports whether the origin's answer has the header.
func (e *evidence) said(name string) bool {
	return e.saw.answer != nil && len(e.saw.answer.header.Values(name)) > 0
}

// holds reports whether the instruction is for a hold of this kind.
func (e *evidence) holds(mode grip.Mode) bool {
	return e.saw.instruction != nil && e.saw.instruction.Hold == mode
}

// eventSource reports whether the request is one that a browser's EventSource
// would send.
func (e *evidence) eventSource() bool {
	return e.request.Method == http.MethodGet && strings.Contains(e.request.Header.Get("Accept"), "text/event-stream")
}

// mediaType is the media type that the client gets.
func (e *evidence) mediaType() string {
	name, _, _ := strings.Cut(e.client.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}
