package stream_test

import (
	"testing"
)

func TestWhatOneNodePublishesReachesAll(t *testing.T) {
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	ra, rb := a.follow("", "c"), b.follow("", "c")
	a.say("c", "", "1")
	b.say("c", "", "2")
	a.say("other", "", "x")
	a.say("c", "", "3")
	ra.want("1", "2", "3")
	rb.want("1", "2", "3")
}

func TestAClientGoesOnAtAnotherNode(t *testing.T) {
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	var places []string
	for _, n := range numbers(1, 20) {
		places = append(places, a.say("c", "", n))
	}
	b.follow(places[9], "c").want(numbers(11, 20)...)
	a.follow(places[18], "c").want("20")
}
