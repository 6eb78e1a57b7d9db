package stream

import (
	"bytes"
	"encoding/json"
	"errors"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// errAck: whoever may publish to one channel has the server acknowledge to another.
var errAck = errors.New("it is an acknowledgement of the server's, for which a publisher named the channel")

// ack is all that the server says when it has taken a message, or has not.
type ack struct {
	Error     json.RawMessage `json:"error"`
	Stream    string          `json:"stream"`
	Sequence  uint64          `json:"seq"`
	Domain    string          `json:"domain"`
	Duplicate bool            `json:"duplicate"`
	Value     string          `json:"val"`
	Batch     string          `json:"batch"`
	Count     uint64          `json:"count"`
}

// isAck reports whether m, which stands for it, is one of this stream's
// acknowledgements, which have no headers. What nodes publish has some.
func (b *Bus) isAck(m *client.Msg, it *grip.Item) bool {
	if it.Raw != nil || it.Event.Name != "" || it.Event.ID != "" || len(m.Header[jetstream.MsgIDHeader]) > 0 {
		return false
	}
	if !bytes.HasPrefix(m.Data, []byte(`{"stream":`)) && !bytes.HasPrefix(m.Data, []byte(`{"error":`)) {
		return false
	}
	var a ack
	strict := json.NewDecoder(bytes.NewReader(m.Data))
	strict.DisallowUnknownFields()
	return strict.Decode(&a) == nil && a.Stream == b.names.stream
}
