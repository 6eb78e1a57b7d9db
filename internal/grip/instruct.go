package grip

import (
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"
)

// parseJSON reads the body of an application/grip-instruct response into in.
func parseJSON(in *Instruction, status int, body []byte) error {
	if status != http.StatusOK {
		return errors.New("response code for application/grip-instruct content must be 200")
	}
	if !utf8.Valid(body) {
		return errors.New("instruct is not valid UTF-8")
	}
	var doc struct {
		Hold     raw `json:"hold"`
		Response raw `json:"response"`
	}
	if !object(body, &doc) {
		return errors.New("instruct is not a JSON object")
	}
	if len(doc.Hold) > 0 {
		if err := parseJSONHold(in, doc.Hold); err != nil {
			return err
		}
	}
	return parseJSONResponse(in, doc.Response)
}

func parseJSONHold(in *Instruction, data raw) (err error) {
	var hold struct {
		Mode      raw `json:"mode"`
		Channels  raw `json:"channels"`
		Timeout   raw `json:"timeout"`
		KeepAlive raw `json:"keep-alive"`
		Meta      raw `json:"meta"`
	}
	if !object(data, &hold) {
		return wrongType("instruct", "hold")
	}
	if err := parseJSONMode(in, hold.Mode); err != nil {
		return err
	}
	if len(hold.Channels) == 0 {
		return errors.New("hold does not contain 'channels'")
	}
	channels, ok := array(hold.Channels)
	if !ok {
		return wrongType("hold", "channels")
	}
	for _, c := range channels {
		if err := parseJSONChannel(in, c); err != nil {
			return err
		}
	}
	if len(hold.Timeout) > 0 {
		seconds, err := jsonSeconds(hold.Timeout, "hold")
		if err != nil {
			return err
		}
		in.Timeout = max(seconds, MinTimeout)
	}
	if len(hold.KeepAlive) > 0 {
		if err := parseJSONKeepAlive(in, hold.KeepAlive); err != nil {
			return err
		}
	}
	in.Meta, err = stringMap(hold.Meta, "hold", "meta")
	return err
}

func parseJSONMode(in *Instruction, data raw) error {
	mode, err := text(data, "hold", "mode")
	if err != nil {
		return err
	}
	switch {
	case mode == "stream":
		in.Hold = Stream
	case mode == "response" || len(data) == 0:
		in.Hold = Response
	default:
		return fmt.Errorf("hold mode must be 'response' or 'stream', not %q", mode)
	}
	return nil
}

func jsonSeconds(data raw, where string) (time.Duration, error) {
	n, err := integer(data, where, "timeout")
	if err != nil {
		return 0, err
	}
	if n > maxSeconds {
		return 0, fmt.Errorf("%s contains 'timeout' over %d seconds", where, maxSeconds)
	}
	return time.Duration(n) * time.Second, nil
}

func parseJSONChannel(in *Instruction, data raw) (err error) {
	var doc struct {
		Name    raw `json:"name"`
		PrevID  raw `json:"prev-id"`
		Filters raw `json:"filters"`
		Replay  raw `json:"replay"`
	}
	if !object(data, &doc) {
		return errors.New("channels contains element with wrong type")
	}
	if len(doc.Name) == 0 {
		return errors.New("channel does not contain 'name'")
	}
	var c Channel
	if c.Name, err = text(doc.Name, "channel", "name"); err != nil {
		return err
	}
	if c.PrevID, err = text(doc.PrevID, "channel", "prev-id"); err != nil {
		return err
	}
	if len(doc.Filters) > 0 {
		filters, ok := array(doc.Filters)
		if !ok {
			return wrongType("channel", "filters")
		}
		for _, f := range filters {
			name, err := text(f, "channel", "filters")
			if err != nil {
				return err
			}
			c.Filters = append(c.Filters, name)
		}
	}
	if len(doc.Replay) > 0 {
		replay, err := text(doc.Replay, "channel", "replay")
		if err != nil {
			return err
		}
		if err := c.setReplay(replay); err != nil {
			return fmt.Errorf("channel %q: %w", c.Name, err)
		}
	}
	in.Channels = append(in.Channels, c)
	return nil
}

func parseJSONKeepAlive(in *Instruction, data raw) (err error) {
	var doc struct {
		Content    raw `json:"content"`
		ContentBin raw `json:"content-bin"`
		Timeout    raw `json:"timeout"`
		Mode       raw `json:"mode"`
	}
	if !object(data, &doc) {
		return wrongType("hold", "keep-alive")
	}
	k := &KeepAlive{Interval: DefaultKeepAlive}
	if k.Data, err = content(doc.ContentBin, doc.Content, "keep-alive"); err != nil {
		return err
	}
	if len(k.Data) == 0 {
		return errors.New("keep-alive does not contain 'content' or 'content-bin'")
	}
	if len(doc.Timeout) > 0 {
		interval, err := jsonSeconds(doc.Timeout, "keep-alive")
		if err != nil {
			return err
		}
		k.Interval = max(interval, MinKeepAlive)
	}
	if len(doc.Mode) > 0 {
		mode, err := text(doc.Mode, "keep-alive", "mode")
		if err != nil {
			return err
		}
		if err := k.setMode(mode); err != nil {
			return fmt.Errorf("keep-alive: %w", err)
		}
	}
	in.KeepAlive = k
	return nil
}

// content reads content-bin or, without it, content.
func content(bin, plain raw, where string) ([]byte, error) {
	if len(bin) > 0 {
		return base64Text(bin, where, "content-bin")
	}
	s, err := text(plain, where, "content")
	return []byte(s), err
}

// parseJSONResponse reads what is to be sent. Without it that is a 200 with
// no headers and no body: those of the instruction itself are never sent.
func parseJSONResponse(in *Instruction, data raw) (err error) {
	in.Response = &Answer{Code: http.StatusOK, Header: make(http.Header)}
	if len(data) == 0 {
		return nil
	}
	var doc struct {
		Code    raw `json:"code"`
		Reason  raw `json:"reason"`
		Headers raw `json:"headers"`
		Body    raw `json:"body"`
		BodyBin raw `json:"body-bin"`
	}
	if !object(data, &doc) {
		return wrongType("instruct", "response")
	}
	in.Response, err = answer(doc.Code, doc.Reason, doc.Headers, doc.BodyBin, doc.Body, "response")
	return err
}

// answer reads a whole response: an instruction's, or a published one.
func answer(code, reason, headers, bodyBin, body raw, where string) (a *Answer, err error) {
	a = &Answer{Code: http.StatusOK}
	if len(code) > 0 {
		if a.Code, err = integer(code, where, "code"); err != nil {
			return nil, err
		}
	}
	if a.Reason, err = text(reason, where, "reason"); err != nil {
		return nil, err
	}
	if err = checkStatus(a.Code, a.Reason); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if a.Header, err = header(headers, where); err != nil {
		return nil, err
	}
	if len(bodyBin) > 0 {
		a.Body, err = base64Text(bodyBin, where, "body-bin")
	} else {
		var s string
		s, err = text(body, where, "body")
		a.Body = []byte(s)
	}
	if err != nil {
		return nil, err
	}
	if err = checkBody(a.Code, a.Body); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return a, nil
}
