package main

import (
	"bytes"
	"io"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// escaper writes lines of a log to w. Strings in them are JSON, whoever has said them, and
// JSON lets through what a terminal obeys, or what makes a line look like another one:
// control characters beyond ASCII, the marks of writing direction, line separators.
// The escaper writes them as \u009b, which is the same string in JSON.
type escaper struct{ w io.Writer }

// Write implements io.Writer. p is whole lines.
func (e escaper) Write(p []byte) (int, error) {
	line := p
	if bytes.ContainsFunc(p, misleads) {
		line = escape(p)
	}
	if _, err := e.w.Write(line); err != nil {
		return 0, err
	}
	return len(p), nil
}

func escape(p []byte) []byte {
	var out []byte
	for len(p) > 0 {
		r, size := utf8.DecodeRune(p)
		if misleads(r) {
			out = append(out, `\u`...)
			for i := 12; i >= 0; i -= 4 {
				out = strconv.AppendInt(out, int64(r>>i&0xf), 16)
			}
		} else {
			out = append(out, p[:size]...)
		}
		p = p[size:]
	}
	return out
}

// misleads reports whether r is to be escaped. Tabs and line feeds are the log's own:
// in strings JSON escapes them.
func misleads(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) ||
		unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
