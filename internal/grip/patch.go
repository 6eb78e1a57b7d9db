package grip

import (
	"bytes"
	"errors"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// A body-patch (GRIP) changes the body of a held response instead of replacing it:
// a JSON Patch (RFC 6902).

// parsePatch checks a published patch, and returns it as it is kept.
func parsePatch(v raw, where string) ([]byte, error) {
	if _, ok := parseArray(v); !ok {
		return nil, wrongType(where, "body-patch")
	}
	patch, err := jsonpatch.DecodePatch(v)
	if err != nil {
		return nil, fmt.Errorf("%s contains 'body-patch' that is no JSON Patch: %w", where, err)
	}
	for i, op := range patch {
		_, hasValue := op["value"]
		if kind := op.Kind(); !hasValue && (kind == "add" || kind == "replace" || kind == "test") {
			return nil, fmt.Errorf("%s contains 'body-patch' whose operation %d has no 'value'", where, i)
		}
	}
	return bytes.Clone(v), nil
}

// ApplyPatch applies a published patch to a body, which must be JSON. The result
// takes at most limit bytes more by what is copied. A line break at the body's end
// stays.
func ApplyPatch(body, patch []byte, limit int64) (patched []byte, err error) {
	// The library has been seen to panic, on tests without a value. What a
	// publisher sends must not do more than not work.
	defer func() {
		if v := recover(); v != nil {
			patched, err = nil, fmt.Errorf("body-patch: %v", v)
		}
	}()
	p, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, fmt.Errorf("body-patch: %w", err)
	}
	doc := bytes.TrimSpace(body)
	if len(doc) == 0 {
		return nil, errors.New("body-patch: there is no body to change")
	}
	o := jsonpatch.NewApplyOptions()
	o.SupportNegativeIndices = false // RFC 6901 §4 knows none
	o.AccumulatedCopySizeLimit = limit
	o.EscapeHTML = false
	out, err := p.ApplyWithOptions(doc, o)
	if err != nil {
		return nil, fmt.Errorf("body-patch: %w", err)
	}
	return append(out, lineBreakOf(body)...), nil
}

// lineBreakOf is the line break that ends a text, if one does.
func lineBreakOf(text []byte) []byte {
	if bytes.HasSuffix(text, []byte("\r\n")) {
		return text[len(text)-2:]
	}
	if bytes.HasSuffix(text, []byte("\n")) {
		return text[len(text)-1:]
	}
	return nil
}
