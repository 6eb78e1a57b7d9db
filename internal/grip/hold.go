package grip

import "errors"

// ParseHold reads the object hold of a JSON instruction where it stands by itself,
// as in a token. A stream hold is the only one that can be meant there; a channel
// may be its bare name. timeout and expires mean nothing there. The error may quote
// what is read.
func ParseHold(data []byte) (*Instruction, error) {
	if !isJSON(data) {
		return nil, errors.New("hold is not valid JSON")
	}
	hold, ok := parseObject(whole(data))
	if !ok {
		return nil, errors.New("hold is not a JSON object")
	}
	if mode, err := text(hold.value("mode"), "hold", "mode"); err != nil || mode != "" && mode != "stream" {
		return nil, errors.New("hold mode must be 'stream' here")
	}
	in := &Instruction{Hold: Stream}
	elements, ok := parseArray(hold.value("channels"))
	if !ok && hold.value("channels") != nil {
		return nil, wrongType("hold", "channels")
	}
	for _, data := range elements {
		c, err := namedChannel(data)
		if err != nil {
			return nil, err
		}
		in.Channels = append(in.Channels, c)
	}
	var err error
	if v := hold.value("keep-alive"); v != nil {
		if in.KeepAlive, err = jsonKeepAlive(v); err != nil {
			return nil, err
		}
	}
	if in.Meta, err = stringMap(hold.value("meta"), "hold", "meta"); err != nil {
		return nil, err
	}
	if err := in.checkFilters(); err != nil {
		return nil, err
	}
	in.joinChannels()
	return in, nil
}

// namedChannel reads a channel, or its bare name.
func namedChannel(data raw) (c Channel, err error) {
	if len(data) > 0 && data[0] == '"' {
		c.Name, err = text(data, "hold", "channels")
		return c, err
	}
	return jsonChannel(data)
}
