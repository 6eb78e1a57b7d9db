package nats

import (
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/control/intake"
)

// CheckSizes reports which message of a publication the server would not take, for
// its publisher. While there has been no connection yet nothing is known.
func CheckSizes(nc *nats.Conn, messages []*nats.Msg) error {
	most := nc.MaxPayload()
	if most <= 0 {
		return nil
	}
	for i, m := range messages {
		if payload := m.Size() - len(m.Subject) - len(m.Reply); int64(payload) > most {
			return tooLarge(i, len(messages))
		}
	}
	return nil
}

func tooLarge(index, of int) error {
	item := "The item"
	if of > 1 {
		item = fmt.Sprintf("Item %d", index)
	}
	return intake.Refusal(item + " is larger than a message of this NATS may be (max_payload).")
}
