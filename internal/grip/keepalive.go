package grip

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// parseKeepAlive reads data *( ";" format= | timeout= | mode= ).
func parseKeepAlive(in *Instruction, h http.Header) error {
	value := strings.TrimSpace(h.Get("Grip-Keep-Alive"))
	if value == "" {
		return nil
	}
	data, params, _ := strings.Cut(value, ";")
	k := &KeepAlive{Interval: DefaultKeepAlive}
	format := "raw"
	pieces, err := split(params, ';')
	if err != nil {
		return fmt.Errorf("Grip-Keep-Alive %w", err)
	}
	for _, piece := range pieces {
		p, err := parseParam(piece)
		if err == nil {
			err = k.set(p, &format)
		}
		if err != nil {
			return fmt.Errorf("Grip-Keep-Alive: %w", err)
		}
	}
	if k.Data, err = decodeKeepAlive(strings.TrimSpace(data), format); err != nil {
		return fmt.Errorf("Grip-Keep-Alive: %w", err)
	}
	in.KeepAlive = k
	return nil
}

func (k *KeepAlive) set(p param, format *string) error {
	switch p.name {
	case "format":
		*format = p.value
	case "timeout":
		interval, err := parseSeconds(p.value)
		if err != nil {
			return fmt.Errorf("timeout %w", err)
		}
		k.Interval = max(interval, MinKeepAlive)
	case "mode":
		return k.setMode(p.value)
	}
	return nil
}

func (k *KeepAlive) setMode(mode string) error {
	switch mode {
	case "idle":
		k.Always = false
	case "interval":
		k.Always = true
	default:
		return fmt.Errorf("mode must be 'idle' or 'interval', not %q", mode)
	}
	return nil
}

func decodeKeepAlive(data, format string) ([]byte, error) {
	if data == "" {
		return nil, errors.New("has no data")
	}
	switch format {
	case "raw":
		return []byte(data), nil
	case "cstring":
		return uncstring(data)
	case "base64":
		b, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return nil, errors.New("data is not valid base64")
		}
		return b, nil
	}
	return nil, fmt.Errorf("format must be 'raw', 'cstring' or 'base64', not %q", format)
}

// uncstring resolves \\, \r, \n, \t and \xHH.
func uncstring(s string) ([]byte, error) {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		if i == len(s) {
			return nil, errors.New("cstring ends in a lone backslash")
		}
		switch s[i] {
		case '\\':
			b = append(b, '\\')
		case 'r':
			b = append(b, '\r')
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'x':
			v, err := strconv.ParseUint(s[min(i+1, len(s)):min(i+3, len(s))], 16, 8)
			if err != nil || i+3 > len(s) {
				return nil, errors.New(`cstring has \x without two hex digits`)
			}
			b = append(b, byte(v))
			i += 2
		default:
			return nil, fmt.Errorf(`cstring has the unknown escape \%c`, s[i])
		}
	}
	return b, nil
}
