package control

import (
	"net/http"
	"strconv"

	"github.com/holdfast-proxy/holdfast/control/intake"
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
		body, contentType = intake.JSON(a.json), "application/json"
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
