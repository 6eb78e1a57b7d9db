package intake

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// Answer is the JSON answer to a publication that ended with r or with err, and
// its status.
func Answer(r Receipt, err error) (status int, body []byte) {
	if err == nil {
		return http.StatusOK, JSON(r)
	}
	status, message := Problem(err)
	return status, JSON(struct {
		Message string `json:"message"`
	}{message})
}

// JSON encodes an answer, one line with its end. Answers are structs that
// always encode.
func JSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("intake: an answer that is not JSON: " + err.Error())
	}
	return b.Bytes()
}
