package zmq

import (
	"context"
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/intake"
)

// take publishes a message and counts what became of it.
//
// It has no context: what has come is published, also while the process ends.
func (s *Source) take(on *socket, frames [][]byte) {
	became, err := s.publish(context.Background(), on, frames)
	on.counters.messages[became].Inc()
	if err == nil {
		return
	}
	quiet, level := &s.quiet.refused, zap.WarnLevel
	if became == failed {
		quiet, level = &s.quiet.failed, zap.ErrorLevel
	}
	quiet.Do(func() {
		s.opts.Log.Log(level, "message not published", zap.String("socket", string(on.kind)),
			zap.String("result", string(became)), zap.String("problem", clip(err.Error())))
	})
}

// publish publishes the item that a message has.
func (s *Source) publish(ctx context.Context, on *socket, frames [][]byte) (result, error) {
	if want := on.frames(); len(frames) != want {
		return badFrames, fmt.Errorf("%d frames, a message to this socket has %d", len(frames), want)
	}
	item, err := payload(frames[len(frames)-1])
	if err != nil {
		return badPayload, err
	}
	if on.kind == sub {
		_, err = on.intake.Item(ctx, string(frames[0]), item)
	} else {
		_, err = on.intake.Lone(ctx, item)
	}
	return outcome(err), err
}

// payload returns the JSON of an item (GRIP: ZeroMQ, item payload).
func payload(frame []byte) ([]byte, error) {
	switch {
	case len(frame) > 0 && frame[0] == 'J':
		return frame[1:], nil
	case len(frame) > 0 && frame[0] == 'T':
		frame = frame[1:]
	}
	return ToJSON(frame)
}

// outcome names what an error of publishing means.
func outcome(err error) result {
	if err == nil {
		return published
	}
	switch status, _ := intake.Problem(err); status {
	case http.StatusBadRequest:
		return badPayload
	case http.StatusServiceUnavailable:
		return closing
	default:
		return failed
	}
}

// clip bounds what goes into the log of what others have sent.
func clip(s string) string {
	const limit = 300
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "..."
}
