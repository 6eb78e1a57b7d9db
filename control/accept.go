package control

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// format is how an answer is written.
type format uint8

const (
	asText format = iota
	asJSON
)

// How closely a media range names a type.
const (
	byNothing = iota
	byAny     // */*
	byMain    // text/*
	byName    // text/plain
)

// preference is what a client said of one type, by the closest range.
type preference struct {
	closeness int
	quality   float64 // 0: not acceptable
}

// negotiate chooses between text/plain and application/json by the header
// Accept (RFC 9110 §12.5.1). JSON needs to be wanted more than text, or as much
// and by its name. Without the header it is text.
func negotiate(header http.Header) (format, error) {
	accept := strings.Join(header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return asText, nil
	}
	var text, json preference
	for member := range strings.SplitSeq(accept, ",") {
		text.consider(member, "text/*", "text/plain")
		json.consider(member, "application/*", "application/json")
	}
	switch {
	case text.quality == 0 && json.quality == 0:
		return asText, refusef(http.StatusNotAcceptable,
			"Not Acceptable. Supported formats are text/plain and application/json.")
	case json.quality > text.quality, json.quality == text.quality && json.closeness == byName:
		return asJSON, nil
	}
	return asText, nil
}

// consider takes one member of the list into account.
func (p *preference) consider(member, main, name string) {
	mediaRange, params, err := mime.ParseMediaType(member)
	if err != nil {
		return
	}
	closeness := byNothing
	switch mediaRange {
	case "*/*", "*":
		closeness = byAny
	case main:
		closeness = byMain
	case name:
		closeness = byName
	}
	if closeness <= p.closeness {
		return
	}
	p.closeness, p.quality = closeness, 1
	if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
		p.quality = q
	}
}
