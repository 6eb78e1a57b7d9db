package filter

import (
	"bytes"
	"errors"
	"fmt"
)

// maxGrowth bounds how much longer than its format a text may become, in bytes.
const maxGrowth = 1 << 20

var (
	errUnfinished = errors.New("ends in an unfinished directive")
	errTooLong    = fmt.Errorf("would grow by more than %d bytes", maxGrowth)
)

// directive is one place of a format: % with a verb, and perhaps an argument
// before it.
type directive struct {
	verb   byte
	arg    []byte
	hasArg bool
}

func (d directive) String() string {
	if d.hasArg {
		return fmt.Sprintf("%%(%s)%c", d.arg, d.verb)
	}
	return fmt.Sprintf("%%%c", d.verb)
}

func (d directive) unknown() error { return fmt.Errorf("unknown directive %q", d.String()) }

// expand appends format to dst, with what value returns in the place of each
// directive. "%%" is "%" (GRIP: the format language of filters).
func expand(dst, format []byte, value func(directive) (string, error)) ([]byte, error) {
	limit := len(dst) + len(format) + maxGrowth
	for {
		i := bytes.IndexByte(format, '%')
		if i < 0 {
			return append(dst, format...), nil
		}
		dst = append(dst, format[:i]...)
		d, rest, err := cutDirective(format[i+1:])
		if err != nil {
			return nil, err
		}
		format = rest
		if d.verb == '%' {
			dst = append(dst, '%')
			continue
		}
		text, err := value(d)
		if err != nil {
			return nil, err
		}
		if dst = append(dst, text...); len(dst)+len(format) > limit {
			return nil, errTooLong
		}
	}
}

// cutDirective reads what follows a %: [ "(" argument ")" ] letter, or another %.
func cutDirective(s []byte) (d directive, rest []byte, err error) {
	if len(s) > 0 && s[0] == '%' {
		return directive{verb: '%'}, s[1:], nil
	}
	if len(s) > 0 && s[0] == '(' {
		if d.arg, s, err = cutArgument(s[1:]); err != nil {
			return d, nil, err
		}
		d.hasArg = true
	}
	if len(s) == 0 {
		return d, nil, errUnfinished
	}
	if c := s[0] | ' '; c < 'a' || c > 'z' {
		return d, nil, fmt.Errorf("%q where a directive needs a letter; a percent sign is written %%%%", s[0])
	}
	d.verb = s[0]
	return d, s[1:], nil
}

// cutArgument reads up to the closing parenthesis. A backslash takes what follows
// it as it is.
func cutArgument(s []byte) (arg, rest []byte, err error) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ')':
			return arg, s[i+1:], nil
		case '\\':
			i++
		}
		if i < len(s) {
			arg = append(arg, s[i])
		}
	}
	return nil, nil, errUnfinished
}
