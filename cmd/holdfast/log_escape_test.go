package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

// evil is what a client may have logged to fool whoever reads it on a terminal: another
// line, an escape sequence in seven bits and in eight, text from right to left.
const evil = "a\nb\r\x1b[2J\u009b2J\u0085\x7f\u202eb\u2066\u2028\x00é"

func TestALogLineIsOneLineWithoutCommands(t *testing.T) {
	for _, format := range []config.LogFormat{config.LogJSON, config.LogConsole} {
		var out bytes.Buffer
		log, _ := newLogger(config.Log{Level: config.LogInfo, Format: format}, &out)
		log.Info("said",
			zap.String("path", evil), zap.Error(errors.New(evil)), zap.Any("header", map[string]string{evil: evil}))
		line, rest, _ := strings.Cut(out.String(), "\n")
		if rest != "" || strings.ContainsFunc(strings.ReplaceAll(line, "\t", ""), misleads) || strings.Count(line, "é") != 4 {
			t.Errorf("%s writes %q", format, out.String())
		}
		fields := struct{ Path, Error string }{}
		if err := json.Unmarshal([]byte(line[strings.Index(line, "{"):]), &fields); err != nil || fields.Path != evil || fields.Error != evil {
			t.Errorf("%s has other strings: %q (%v)", format, fields, err)
		}
	}
}

// The same over the wire: whatever of a request is logged.
func TestNothingThatAClientSaysCommandsATerminal(t *testing.T) {
	var logged scroll
	log, _ := newLogger(config.Log{Level: config.LogDebug, Format: config.LogConsole}, &logged)
	s := startLogging(t, "routes: [{path_prefix: /here, check_origin: true, origins: [\"http://127.0.0.1:1\"]}]", log)
	for _, request := range []string{
		"GET /nowhere/%1b%5b2J%c2%9b2J%0aINFO%e2%80%ae HTTP/1.1\r\nHost: \xc2\x9b2J\r\n\r\n",
		"GET /nowhere/\xc2\x9b2J HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /here HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\nOrigin: https://\xc2\x9b2J\xe2\x80\xae\r\n\r\n",
		"\xc2\x9b2J /here HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /here HTTP/1.1\r\nHost: h\r\n\xc2\x9b: x\r\n\r\n",
	} {
		if err := s.throw(way{before: request}, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.signal()
	<-s.ended
	text := logged.String()
	if !strings.Contains(text, "2J") {
		t.Error("nothing of it is logged")
	}
	for line := range strings.Lines(text) {
		if strings.ContainsFunc(strings.Trim(strings.ReplaceAll(line, "\t", ""), "\n"), misleads) || len(line) < 12 || line[2] != ':' {
			t.Errorf("logged: %q", line)
		}
	}
}

// A token's claims may be what its user has chosen.
func TestATokenThatIsShownCommandsNoTerminal(t *testing.T) {
	claims := claimsFor(map[string]any{"name": "news\u009b2J", "prev-id": evil})
	claims["grip"].(map[string]any)["meta"] = map[string]string{"name": evil}
	got := command(t.Context(), "", "token", "verify", "--key", tokenSecret, newIssuer(t, tokenSecret).issue(claims))
	if lines := strings.Count(got.stdout, "\n"); got.code != 0 || lines != 5 || strings.ContainsFunc(got.stdout, misleads) {
		t.Errorf("exit code %d, %d lines: %q %s", got.code, lines, got.stdout, got.stderr)
	}
}
