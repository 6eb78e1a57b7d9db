package stream

import (
	"strconv"
	"testing"

	client "github.com/nats-io/nats.go"
)

// waiting are messages that came live, each with its place and the one before it.
func waiting(places ...[2]uint64) (all []*client.Msg) {
	for _, p := range places {
		all = append(all, &client.Msg{Header: client.Header{
			"Nats-Sequence":      {strconv.FormatUint(p[0], 10)},
			"Nats-Last-Sequence": {strconv.FormatUint(p[1], 10)},
			"Nats-Time-Stamp":    {"2026-01-02T15:04:05Z"},
		}})
	}
	return all
}

// TestWhatLacksAtTheEndOfADoubt, whose census had the mark 20.
func TestWhatLacksAtTheEndOfADoubt(t *testing.T) {
	const mark = 20
	for name, c := range map[string]struct {
		feed        feed
		head, until uint64
	}{
		"nothing":                               {feed{filled: true, last: 9, owed: 9}, 0, 0},
		"nothing, it waits":                     {feed{filled: true, last: 3, owed: 9, waiting: waiting([2]uint64{6, 3}, [2]uint64{9, 6})}, 0, 0},
		"before what waits":                     {feed{filled: true, last: 3, owed: 9, waiting: waiting([2]uint64{9, 6})}, 6, 6},
		"behind what waits":                     {feed{filled: true, last: 3, owed: 9, waiting: waiting([2]uint64{6, 3})}, 9, 9},
		"nothing, it was fetched":               {feed{filled: true, last: 3, owed: 9, fetching: true, repair: &repair{head: 9}}, 0, 0},
		"more than was fetched":                 {feed{filled: true, last: 3, owed: 9, fetching: true, repair: &repair{head: 6}}, 9, 9},
		"perhaps something before the mark":     {feed{filled: true, last: 3, owed: 25, waiting: waiting([2]uint64{6, 3})}, mark, 25},
		"nothing before the mark":               {feed{filled: true, last: 3, owed: 25, waiting: waiting([2]uint64{22, 3})}, 0, 0},
		"nothing that is not being fetched":     {feed{filled: true, last: 3, owed: 9, fetching: true}, 0, 0},
		"nothing that its history does not say": {feed{owed: 9}, 0, 0},
	} {
		if head, until := c.feed.missing(mark); head != c.head || until != c.until {
			t.Errorf("%s: up to %d until %d, want %d until %d", name, head, until, c.head, c.until)
		}
	}
}
