package wire

import (
	"strings"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// Marks of the tag of an entry whose content for streams, or whose message, is not
// for readers without content filters.
const (
	restricted        uint32 = 1 << 31
	restrictedMessage uint32 = 1 << 30
)

// IsRestricted reports, by an entry's tag, whether its content is for streams
// with content filters only.
func IsRestricted(tag uint32) bool { return tag&restricted != 0 }

// IsRestrictedMessage is IsRestricted for its message.
func IsRestrictedMessage(tag uint32) bool { return tag&restrictedMessage != 0 }

// Meta is what an item says to filters, as its entry has it: the parts share the
// entry's bytes.
type Meta struct {
	// Sender, SkipUsers and RequireSub are the item's meta of these names.
	Sender, SkipUsers, RequireSub []byte
	// Stream, Response and Message are the content filters that a reader of the
	// format must have, as Needs writes them; empty if it does not matter.
	Stream, Response, Message []byte
}

// Needs writes the content filters of a format, or of a reader. Nothing said is
// not the same as none.
func Needs(filters []string) string {
	if filters == nil {
		return ""
	}
	return "=" + strings.Join(filters, ",")
}

// metaOf lays out what an item says to filters; empty if that is nothing.
func metaOf(it *grip.Item) []byte {
	parts := [...]string{it.Meta["sender"], it.Meta["skip_users"], it.Meta["require_sub"], "", "", ""}
	switch {
	case it.Stream != nil:
		parts[3] = Needs(it.Stream.ContentFilters)
	case it.Event != nil:
		parts[3] = Needs(it.Event.ContentFilters)
	}
	if it.Response != nil {
		parts[4] = Needs(it.Response.ContentFilters)
	}
	if it.Message != nil {
		parts[5] = Needs(it.Message.ContentFilters)
	}
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	if size == 0 {
		return nil
	}
	note := make([]byte, 0, size+len(parts)*lengthRoom)
	for _, part := range parts {
		note = appendString(note, part)
	}
	return note
}

// MetaOf reads what an entry's item says to filters. It does not allocate.
func MetaOf(e *channels.Entry) (m Meta) {
	r := reader{rest: e.Note()}
	if len(r.rest) == 0 {
		return Meta{}
	}
	for _, part := range []*[]byte{&m.Sender, &m.SkipUsers, &m.RequireSub, &m.Stream, &m.Response, &m.Message} {
		*part = r.bytes()
	}
	return m
}
