package nats

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/holdfast-proxy/holdfast/channels"
)

// The longest subject that is taken, in bytes. A server closes the connection
// of whoever goes over 4,096 with all that stands in the line.
const (
	maxSubject = 1024
	maxEncoded = 3 * channels.MaxName // every byte of a name is escaped
)

// SubjectError says why a subject stands for no channel.
type SubjectError struct {
	Tokens  string // what stands in the channel's place
	Problem string
}

// Error quotes the subject and says what is wrong with it.
func (e *SubjectError) Error() string {
	return fmt.Sprintf("subject tokens %q: %s", clip(e.Tokens), e.Problem)
}

// Encode returns what stands for channel in a subject, behind PREFIX.channels.
// The name's dots separate tokens. In each token
//
//   - %, *, >, ASCII space and ASCII controls are written as % and two upper case
//     hexadecimal digits, and nothing else is;
//   - the empty token, which subjects cannot have, is written as a single %.
//
// So news.eu stays as it is, "a b" is a%20b, and "a..b" is a.%.b. The error is a
// *channels.NameError.
func Encode(channel string) (string, error) {
	if err := channels.CheckName(channel); err != nil {
		return "", err
	}
	return encode(channel), nil
}

// Decode is Encode's inverse: it returns the channel that tokens stand for, and
// refuses everything that Encode does not write. The error is a *SubjectError.
func Decode(tokens string) (string, error) {
	if len(tokens) > maxEncoded {
		return "", &SubjectError{tokens, fmt.Sprintf("is %d bytes long, at most %d are allowed", len(tokens), maxEncoded)}
	}
	channel, err := unescape(tokens)
	if err == nil {
		err = channels.CheckName(channel)
	}
	if err != nil {
		return "", &SubjectError{tokens, err.Error()}
	}
	if canonical := encode(channel); canonical != tokens {
		return "", &SubjectError{tokens, fmt.Sprintf("is not how the channel is written, which is %q", clip(canonical))}
	}
	return channel, nil
}

func encode(channel string) string {
	b := make([]byte, 0, len(channel)+16)
	for i, token := range strings.Split(channel, ".") {
		if i > 0 {
			b = append(b, '.')
		}
		if token == "" {
			b = append(b, '%')
		}
		b = appendEscaped(b, token)
	}
	return string(b)
}

func appendEscaped(dst []byte, token string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(token) {
		switch c := token[i]; {
		case c <= ' ', c == 0x7f, c == '%', c == '*', c == '>':
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// unescape reads more than encode writes.
func unescape(tokens string) (string, error) {
	parts := strings.Split(tokens, ".")
	for i, token := range parts {
		if token == "%" {
			parts[i] = ""
			continue
		}
		var err error
		if parts[i], err = url.PathUnescape(token); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, "."), nil
}

// CheckPrefix reports whether prefix can begin our subjects.
func CheckPrefix(prefix string) error {
	if len(prefix) > maxSubject-maxEncoded-len(channelsWord) {
		return fmt.Errorf("prefix %q is too long", clip(prefix))
	}
	for token := range strings.SplitSeq(prefix, ".") {
		if token == "" || string(appendEscaped(nil, token)) != token {
			return fmt.Errorf("prefix %q is no subject without wildcards", clip(prefix))
		}
	}
	return nil
}

// clip bounds what others have written, for logs and errors.
func clip(text string) string {
	const most = 256
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
