package channels

import (
	"context"
	"fmt"
	"testing"
)

func BenchmarkPublish(b *testing.B) {
	for _, readers := range []int{0, 1, 1000} {
		b.Run(fmt.Sprint("readers=", readers), func(b *testing.B) {
			h := testHub(nil)
			for range readers {
				follow(b, h, "a")
			}
			it := item("a", "", "two hundred bytes, more or less")
			b.ReportAllocs()
			for b.Loop() {
				h.Publish(context.Background(), it)
			}
		})
	}
}

func BenchmarkPublishToManyChannels(b *testing.B) {
	h := testHub(nil)
	items := make([]Item, 10_000)
	for i := range items {
		items[i] = item(fmt.Sprint("user-", i), "", "two hundred bytes, more or less")
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		h.Publish(context.Background(), items[i%len(items)])
		i++
	}
}

func BenchmarkRead(b *testing.B) {
	for _, channels := range []int{1, 3, 100} {
		b.Run(fmt.Sprint("channels=", channels), func(b *testing.B) {
			h := testHub(nil)
			var names []string
			for i := range channels {
				names = append(names, fmt.Sprint("c", i))
			}
			c := follow(b, h, names...)
			it := item("c0", "", "two hundred bytes, more or less")
			dst := make([]Entry, 0, 8)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				h.Publish(context.Background(), it)
				b.StartTimer()
				dst, _ = c.Next(dst[:0], 8, 1<<20)
			}
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	h := testHub(nil)
	start := h.Head().String()
	for range 1000 {
		say(b, h, "a", "two hundred bytes, more or less")
	}
	dst := make([]Entry, 0, 64)
	for b.Loop() {
		c, _ := h.Follow(context.Background(), Follow{Subscriptions: subs("a"), Live: h.Head().Seq, Resume: Resume{ID: start}, Group: new(quiet)})
		for n := 1; n > 0; n = len(dst) {
			dst, _ = c.Next(dst[:0], 64, 1<<16)
		}
		c.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/entry")
}

// BenchmarkInterrupt has 100,000 channels, each with a reader.
func BenchmarkInterrupt(b *testing.B) {
	h := testHub(nil)
	for i := range 100_000 {
		follow(b, h, fmt.Sprint("c", i))
	}
	for b.Loop() {
		h.Interrupt()
	}
}
