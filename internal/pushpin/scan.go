package pushpin

import (
	"errors"
	"strings"
)

// scanner splits a line of a routes file into words, these into options at
// commas, and an option at its first equals sign. Quotes may surround any part;
// in them \\ and \" are escapes. Outside of them # begins a comment.
type scanner struct {
	words  []Word
	parts  []Option // of the word under way
	name   string   // of the option under way, once its equals sign has come
	named  bool
	text   strings.Builder
	inWord bool
}

// scan reads one line without its line break.
func scan(line string) ([]Word, error) {
	var s scanner
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case '#':
			i = len(line)
		case '"':
			n, err := s.quoted(line[i:])
			if err != nil {
				return nil, err
			}
			i += n - 1
		default:
			s.plain(c)
		}
	}
	s.endWord()
	return s.words, nil
}

// quoted reads the quotation that text begins with, and returns its length.
func (s *scanner) quoted(text string) (int, error) {
	s.inWord = true
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\' && i+1 < len(text) && (text[i+1] == '\\' || text[i+1] == '"'):
			i++
			s.text.WriteByte(text[i])
		case c == '\\':
			return 0, errors.New(`in quotes only \\ and \" are escapes`)
		default:
			s.text.WriteByte(c)
		}
	}
	return 0, errors.New("a quote does not end")
}

// plain takes a byte outside of quotes.
func (s *scanner) plain(c byte) {
	switch {
	case c == ' ':
		s.endWord()
		return
	case c == ',':
		s.endPart()
	case c == '=' && !s.named && len(s.parts) > 0:
		s.name, s.named = s.take(), true
	default:
		s.text.WriteByte(c)
	}
	s.inWord = true
}

func (s *scanner) take() string {
	text := s.text.String()
	s.text.Reset()
	return text
}

func (s *scanner) endPart() {
	part := Option{Name: s.name, Value: s.take()}
	if !s.named {
		part = Option{Name: part.Value}
	}
	s.parts, s.name, s.named = append(s.parts, part), "", false
}

// endWord ends a word if there is one. Its first part is its value.
func (s *scanner) endWord() {
	if !s.inWord {
		return
	}
	s.endPart()
	s.words = append(s.words, Word{Value: s.parts[0].Name, Options: s.parts[1:]})
	s.parts, s.inWord = nil, false
}
