package hold

import (
	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// layFiltered is lay for a stream with filters.
func (f *Feed) layFiltered(b *Batch) {
	if f.filters.Rewrites() {
		f.layPrivately(&b.laid, b.entries)
		return
	}
	b.entries = f.filters.Pass(b.entries)
	f.lay(&b.laid, b.entries)
}

// layPrivately lays entries out with the stream's own content. Nobody else can use
// the layout, and none of it can come again: what the filters know of the stream
// is past it.
func (f *Feed) layPrivately(l *layout, entries []channels.Entry) {
	l.begin(nil, f.state)
	for i := range entries {
		e := &entries[i]
		if !f.filters.Takes(e) {
			continue
		}
		switch e.Action(f.terms.form) {
		case channels.Close:
			l.closing = true
			return
		case channels.Hint:
			l.hints++
		default:
			f.rewrite(l, e)
		}
	}
}

// rewrite adds what the stream gets of e, if anything.
func (f *Feed) rewrite(l *layout, e *channels.Entry) {
	form := f.terms.formOf(l.after)
	content, ok := f.filters.RewriteStream(e, wire.Data(e.Bytes(form)))
	if !ok || len(content) == 0 {
		return
	}
	l.add(f.terms.frame(nil, content), e)
	if f.terms.events {
		l.after = sse.Scan(content).Effect.From(l.after)
	}
}
