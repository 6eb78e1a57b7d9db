package control

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// answer is what a client is told, in both formats.
type answer struct {
	status int // 0 means 200
	// text is a line without its end. Empty: the answer is JSON for everybody.
	text string
	json any
}

// message is the JSON form of an answer that has nothing but its text.
type message struct {
	Message string `json:"message"`
}

// said is an answer of one sentence.
func said(text string) answer { return answer{text: text, json: message{text}} }

// write sends a in format f. Errors are the client's: it is gone.
func write(w http.ResponseWriter, f format, a answer) {
	body, contentType := []byte(a.text+"\n"), "text/plain"
	if f == asJSON || a.text == "" {
		body, contentType = encodeJSON(a.json), "application/json"
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff") // answers quote what the request said
	if a.status == 0 {
		a.status = http.StatusOK
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}

// encodeJSON encodes one of this package's answers, one line with its end.
func encodeJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("control: an answer that is not JSON: " + err.Error())
	}
	return b.Bytes()
}
