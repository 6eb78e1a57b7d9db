package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The wire tests in testdata/*.txt are read here and played by player_test.go.
//
//	# a comment
//	== the name of a case
//	with SETTING=VALUE ...    before the first step; see settings in player_test.go
//	STEP [ARGUMENTS]          see player.steps there
//	| its text
//
// Text is a message: lines that end in CRLF, up to and with an empty line,
// then the body, whose lines are joined as they stand. In a body, and in all
// the text of a step that takes bytes, \r \n \t \\ \xHH are escapes, \{9c}
// is nine times c, and \d matches any digit. A line of a head may end in * to match any rest; a Date
// is only compared if it is asked for.

// script is one case.
type script struct {
	name  string
	line  int
	with  [][2]string // in order
	steps []step
}

// step is one line of a case and its text.
type step struct {
	line       int
	name, args string
	text       []string
}

// readScripts reads all cases of the files that match pattern.
func readScripts(t *testing.T, pattern string) map[string][]script {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files match %s (%v)", pattern, err)
	}
	scripts := map[string][]script{}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if scripts[file], err = parseScripts(bufio.NewScanner(f)); err != nil {
			t.Fatalf("%s:%v", file, err)
		}
	}
	return scripts
}

func parseScripts(lines *bufio.Scanner) ([]script, error) {
	var scripts []script
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "== "); ok {
			scripts = append(scripts, script{name: name, line: n})
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(scripts) == 0 {
			return nil, fmt.Errorf("%d: before the first case", n)
		}
		if err := scripts[len(scripts)-1].add(n, line); err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
	}
	return scripts, lines.Err()
}

func (s *script) add(n int, line string) error {
	if text, ok := strings.CutPrefix(line, "|"); ok {
		if len(s.steps) == 0 {
			return errors.New("text before the first step")
		}
		last := &s.steps[len(s.steps)-1]
		last.text = append(last.text, strings.TrimPrefix(text, " "))
		return nil
	}
	if settings, ok := strings.CutPrefix(line, "with "); ok {
		for field := range strings.FieldsSeq(settings) {
			key, value, _ := strings.Cut(field, "=")
			s.with = append(s.with, [2]string{key, value})
		}
		return nil
	}
	name, args, _ := strings.Cut(line, ":")
	s.steps = append(s.steps, step{line: n, name: name, args: strings.TrimSpace(args)})
	return nil
}

// message splits the text into the lines of a head and the body. ok is false
// if there is no end of the head.
func (s *step) message() (head []string, body string, ok bool) {
	for i, line := range s.text {
		if line == "" {
			return s.text[:i], unescape(strings.Join(s.text[i+1:], "")), true
		}
	}
	return s.text, "", false
}

// bytes is the text as bytes.
func (s *step) bytes() string { return unescape(strings.Join(s.text, "")) }

// digit stands for \d in unescaped text. It cannot occur in UTF-8.
const digit = 0xff

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'd':
			b.WriteByte(digit)
		case '{':
			end := i + strings.IndexByte(s[i:], '}')
			n, err := strconv.Atoi(s[i+1 : end-1])
			if err != nil {
				panic(err)
			}
			b.WriteString(strings.Repeat(s[end-1:end], n))
			i = end
		case 'x':
			v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				panic(err)
			}
			b.WriteByte(byte(v))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// matches compares bytes with text that may have \d.
func matches(got, want string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range len(got) {
		isDigit := got[i] >= '0' && got[i] <= '9'
		if got[i] != want[i] && !(want[i] == digit && isDigit) {
			return false
		}
	}
	return true
}

// diffHead compares the lines of a head with what is expected of them. It
// returns what differs.
func diffHead(got, want []string) error {
	var differences []string
	got = withoutDate(got, want)
	for i := range max(len(got), len(want)) {
		g, w := at(got, i), at(want, i)
		prefix, wild := strings.CutSuffix(w, "*")
		if g != w && !(wild && strings.HasPrefix(g, prefix)) {
			differences = append(differences, fmt.Sprintf("  got  %q\n  want %q", g, w))
		}
	}
	if differences == nil {
		return nil
	}
	return errors.New("head differs:\n" + strings.Join(differences, "\n"))
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no line)"
}

func withoutDate(got, want []string) []string {
	for _, line := range want {
		if strings.HasPrefix(line, "Date:") {
			return got
		}
	}
	var rest []string
	for _, line := range got {
		if !strings.HasPrefix(line, "Date:") {
			rest = append(rest, line)
		}
	}
	return rest
}
