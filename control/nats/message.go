package nats

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// What follows the prefix in our subjects.
const (
	publishWord  = ".publish"
	channelsWord = ".channels."
)

// StatusHeader is the header of an answer that has the status which the HTTP
// endpoint would have answered with.
const StatusHeader = "Holdfast-Status"

// take publishes m, counts it, and answers it if it was a request.
//
// It has no context: what has come is published, also while the process ends.
func (s *Source) take(m *nats.Msg) {
	to := toPublish
	tokens, isChannel := strings.CutPrefix(m.Subject, s.opts.Prefix+channelsWord)
	if isChannel {
		to = toChannel
	}
	if tokens == ProbeToken && m.Reply == "" {
		return // another node finds out about its rights
	}
	if s.opts.Stored {
		s.begin(m)
		return
	}
	receipt, became, err := s.publish(context.Background(), m, to, tokens)
	s.conclude(s.conn, m, to, receipt, became, err)
}

// begin publishes m into a stream. Those that come after it do not wait for it, but
// they are behind it.
func (s *Source) begin(m *nats.Msg) {
	s.underway <- struct{}{}
	nc := s.conn
	finish := s.opts.Intake.BeginItems(context.Background(), m.Data)
	s.pending.Go(func() {
		receipt, became, err := outcome(finish())
		s.conclude(nc, m, toPublish, receipt, became, err)
		<-s.underway
	})
}

// conclude counts what became of m, and answers it if it was a request.
func (s *Source) conclude(nc *nats.Conn, m *nats.Msg, to kind, receipt intake.Receipt, became result, err error) {
	s.opts.Metrics.messages[to][became].Inc()
	if err != nil {
		s.refused(m, became, err)
	}
	if m.Reply != "" {
		s.answer(nc, m.Reply, receipt, err)
	}
}

// publish publishes m, which came to a subject with tokens for its channel.
func (s *Source) publish(ctx context.Context, m *nats.Msg, to kind, tokens string) (intake.Receipt, result, error) {
	if to == toPublish {
		return outcome(s.opts.Intake.Items(ctx, m.Data))
	}
	channel, err := Decode(tokens)
	if err != nil {
		return intake.Receipt{}, badSubject, intake.Refusal("Invalid format: " + err.Error())
	}
	h, err := readHeader(m.Header)
	if err != nil {
		return intake.Receipt{}, badHeader, err
	}
	if h.item {
		return outcome(s.opts.Intake.Item(ctx, channel, m.Data))
	}
	return outcome(s.opts.Intake.Event(ctx, intake.Event{Channel: channel, Name: h.event, ID: h.id, Data: m.Data}))
}

// Parse reads a message that is for a channel, as its publisher sent it. The
// item shares what grip.Item says with the message. The error is one that
// intake.Problem knows.
func Parse(channel string, from nats.Header, payload []byte) (grip.Item, error) {
	h, err := readHeader(from)
	switch {
	case err != nil:
		return grip.Item{}, err
	case h.item:
		return intake.ParseItem(channel, payload)
	}
	return intake.Event{Channel: channel, Name: h.event, ID: h.id, Data: payload}.Item()
}

// outcome names what became of a payload.
func outcome(r intake.Receipt, err error) (intake.Receipt, result, error) {
	if err == nil {
		return r, published, nil
	}
	switch status, _ := intake.Problem(err); status {
	case http.StatusBadRequest:
		return r, badPayload, err
	case http.StatusServiceUnavailable:
		return r, closing, err
	default:
		return r, failed, err
	}
}

// refused logs a message that was not published, sometimes.
func (s *Source) refused(m *nats.Msg, became result, err error) {
	quiet, level := &s.quiet.refused, zap.WarnLevel
	if became == failed {
		quiet, level = &s.quiet.failed, zap.ErrorLevel
	}
	quiet.Do(func() {
		s.opts.Log.Log(level, "message not published",
			zap.String("subject", clip(m.Subject)), zap.String("result", string(became)), zap.String("problem", clip(err.Error())))
	})
}

// answer sends the answer to a request. A subject of ours is never answered to:
// the answer would be published, with our permissions and not the requester's.
func (s *Source) answer(nc *nats.Conn, to string, r intake.Receipt, err error) {
	if strings.HasPrefix(to, s.opts.Prefix+".") || strings.HasPrefix(to, "_"+s.opts.Prefix+".") {
		return
	}
	status, body := intake.Answer(r, err)
	answer := &nats.Msg{Subject: to, Header: nats.Header{StatusHeader: {strconv.Itoa(status)}}, Data: body}
	err = nc.PublishMsg(answer)
	if errors.Is(err, nats.ErrMaxPayload) {
		answer.Data = intake.JSON(struct {
			Message string `json:"message"`
		}{"The answer is too long for this NATS; " + StatusHeader + " has the status."})
		err = nc.PublishMsg(answer)
	}
	if err != nil {
		s.quiet.trouble.Do(func() { s.opts.Log.Warn("answer not sent", zap.Error(err)) })
	}
}
