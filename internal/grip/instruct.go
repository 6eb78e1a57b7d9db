package grip

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"
	"unicode/utf8"
)

// parseJSON reads the body of an application/grip-instruct response into in.
// What it says beats what the headers said; channels and meta are added.
func parseJSON(in *Instruction, status int, body []byte) error {
	if status != http.StatusOK {
		return errors.New("response code for application/grip-instruct content must be 200")
	}
	if !utf8.Valid(body) {
		return errors.New("instruct is not valid UTF-8")
	}
	if !isJSON(body) {
		return errors.New("instruct is not valid JSON")
	}
	doc, ok := parseObject(whole(body))
	if !ok {
		return errors.New("instruct is not a JSON object")
	}
	if hold := doc.value("hold"); hold != nil {
		if err := parseJSONHold(in, hold); err != nil {
			return err
		}
	}
	return parseJSONResponse(in, doc.value("response"))
}

func parseJSONHold(in *Instruction, data raw) (err error) {
	hold, ok := parseObject(data)
	if !ok {
		return wrongType("instruct", "hold")
	}
	if in.Hold, err = jsonMode(hold.value("mode")); err != nil {
		return err
	}
	if hold.value("channels") == nil {
		return errors.New("hold does not contain 'channels'")
	}
	channels, ok := parseArray(hold.value("channels"))
	if !ok {
		return wrongType("hold", "channels")
	}
	for _, data := range channels {
		c, err := jsonChannel(data)
		if err != nil {
			return err
		}
		in.Channels = append(in.Channels, c)
	}
	if v := hold.value("timeout"); v != nil {
		seconds, err := jsonSeconds(v, "hold", "timeout")
		if err != nil {
			return err
		}
		in.Timeout = max(seconds, MinTimeout)
	}
	if in.Expires, err = jsonExpires(hold.value("expires"), in.Expires); err != nil {
		return err
	}
	if v := hold.value("keep-alive"); v != nil {
		if in.KeepAlive, err = jsonKeepAlive(v); err != nil {
			return err
		}
	}
	meta, err := stringMap(hold.value("meta"), "hold", "meta")
	if in.Meta == nil {
		in.Meta = meta
	} else {
		maps.Copy(in.Meta, meta)
	}
	return err
}

// jsonMode reads the mode of a hold, which is response unless it is said.
func jsonMode(data raw) (Mode, error) {
	mode, err := text(data, "hold", "mode")
	switch {
	case err != nil:
		return None, err
	case mode == "stream":
		return Stream, nil
	case mode == "response" || data == nil:
		return Response, nil
	}
	return None, fmt.Errorf("hold mode must be 'response' or 'stream', not %q", mode)
}

func jsonSeconds(data raw, where, key string) (time.Duration, error) {
	n, err := integer(data, where, key)
	if err != nil {
		return 0, err
	}
	if n > maxSeconds {
		return 0, fmt.Errorf("%s contains '%s' over %d seconds", where, key, maxSeconds)
	}
	return time.Duration(n) * time.Second, nil
}

// jsonExpires reads when a hold expires. Where it is not said, what the headers
// said stands.
func jsonExpires(data raw, said time.Duration) (time.Duration, error) {
	if data == nil {
		return said, nil
	}
	expires, err := jsonSeconds(data, "hold", "expires")
	if err == nil && expires == 0 {
		err = errors.New("hold contains 'expires' under 1 second")
	}
	return expires, err
}

func jsonChannel(data raw) (c Channel, err error) {
	doc, ok := parseObject(data)
	if !ok {
		return c, errors.New("channels contains element with wrong type")
	}
	if doc.value("name") == nil {
		return c, errors.New("channel does not contain 'name'")
	}
	if c.Name, err = text(doc.value("name"), "channel", "name"); err != nil {
		return c, err
	}
	if c.PrevID, err = text(doc.value("prev-id"), "channel", "prev-id"); err != nil {
		return c, err
	}
	if c.Filters, err = jsonFilters(doc.value("filters")); err != nil {
		return c, err
	}
	if v := doc.value("replay"); v != nil {
		replay, err := text(v, "channel", "replay")
		if err != nil {
			return c, err
		}
		if err := c.setReplay(replay); err != nil {
			return c, fmt.Errorf("channel %q: %w", c.Name, err)
		}
	}
	return c, nil
}

func jsonFilters(data raw) (names []string, err error) {
	if data == nil {
		return nil, nil
	}
	filters, ok := parseArray(data)
	if !ok {
		return nil, wrongType("channel", "filters")
	}
	for _, f := range filters {
		name, err := text(f, "channel", "filters")
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

func jsonKeepAlive(data raw) (*KeepAlive, error) {
	const where = "keep-alive"
	doc, ok := parseObject(data)
	if !ok {
		return nil, wrongType("hold", where)
	}
	k := &KeepAlive{Interval: DefaultKeepAlive}
	var err error
	if k.Data, err = content(doc.value("content-bin"), doc.value("content"), where); err != nil {
		return nil, err
	}
	if len(k.Data) == 0 {
		return nil, errors.New("keep-alive does not contain 'content' or 'content-bin'")
	}
	if v := doc.value("timeout"); v != nil {
		interval, err := jsonSeconds(v, where, "timeout")
		if err != nil {
			return nil, err
		}
		k.Interval = max(interval, MinKeepAlive)
	}
	if v := doc.value("mode"); v != nil {
		mode, err := text(v, where, "mode")
		if err != nil {
			return nil, err
		}
		if err := k.setMode(mode); err != nil {
			return nil, fmt.Errorf("keep-alive: %w", err)
		}
	}
	return k, nil
}

// content reads content-bin or, without it, content.
func content(bin, plain raw, where string) ([]byte, error) {
	if bin != nil {
		return base64Text(bin, where, "content-bin")
	}
	return textBytes(plain, where, "content")
}

// parseJSONResponse reads what is to be sent. Without it that is a 200 with
// no headers and no body: those of the instruction itself are never sent. The
// status of the headers stands where the JSON has none.
func parseJSONResponse(in *Instruction, data raw) error {
	doc := object(nil)
	if data != nil {
		var ok bool
		if doc, ok = parseObject(data); !ok {
			return wrongType("instruct", "response")
		}
	}
	standard := Answer{Code: http.StatusOK}
	if in.Status != 0 {
		standard.Code = in.Status
		if doc.value("code") == nil {
			standard.Reason = in.Reason
		}
	}
	a, err := answer(doc, standard, "response")
	if err != nil {
		return err
	}
	in.Response, in.Status, in.Reason = a, 0, ""
	return nil
}

// answer reads a whole response: an instruction's, or a published one. a is
// what it is where nothing is said.
func answer(doc object, a Answer, where string) (_ *Answer, err error) {
	if v := doc.value("code"); v != nil {
		if a.Code, err = integer(v, where, "code"); err != nil {
			return nil, err
		}
	}
	reason, err := text(doc.value("reason"), where, "reason")
	if err != nil {
		return nil, err
	}
	if reason != "" {
		a.Reason = reason
	}
	if err = checkStatus(a.Code, a.Reason); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if a.Header, err = header(doc.value("headers"), where); err != nil {
		return nil, err
	}
	if bin := doc.value("body-bin"); bin != nil {
		a.Body, err = base64Text(bin, where, "body-bin")
	} else {
		a.Body, err = textBytes(doc.value("body"), where, "body")
	}
	if err != nil {
		return nil, err
	}
	if err = checkBody(a.Code, a.Body); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return &a, nil
}
