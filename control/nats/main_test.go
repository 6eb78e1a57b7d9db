package nats_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// goodTime bounds what must happen, so that a failure is not a hang.
const goodTime = 30 * time.Second

// rig is a source that runs over a hub.
type rig struct {
	t        testing.TB
	hub      *channels.Hub
	source   *nats.Source
	registry *prometheus.Registry
	logs     *observer.ObservedLogs // from Warn on

	stop  context.CancelFunc
	ended chan error // what Run returned
}

// newRig runs a source for server, with options as the edits leave them, until t
// ends.
func newRig(t testing.TB, server *natstest.Server, edits ...func(*nats.Options)) *rig {
	t.Helper()
	core, logs := observer.New(zap.WarnLevel)
	r := &rig{t: t, hub: channels.NewHub(channels.DefaultOptions()), registry: prometheus.NewRegistry(), logs: logs, ended: make(chan error, 1)}
	o := nats.Options{
		Access:    nats.Access{Servers: []string{server.URL}},
		Interrupt: r.hub.Interrupt,
		Intake:    newIntake(r.hub),
		Metrics:   nats.NewMetrics(r.registry),
		Log:       zap.New(core),
	}
	for _, edit := range edits {
		edit(&o)
	}
	var err error
	if r.source, err = nats.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() {
		r.ended <- r.source.Run(ctx)
		close(r.ended)
	}()
	t.Cleanup(func() {
		cancel()
		if err, open := <-r.ended; open && err != nil {
			t.Errorf("run: %v", err)
		}
		r.hub.Close()
	})
	return r
}

func newIntake(p channels.Publisher) *intake.Intake {
	return intake.New(intake.Options{Publisher: intake.ToHub(p, wire.Options{}), Metrics: intake.NewMetrics(prometheus.NewRegistry())})
}

// ready waits until the source says that it is.
func (r *rig) ready() *rig {
	r.t.Helper()
	eventually(r.t, "the source is ready", func() bool { return r.source.NotReady() == nil })
	return r
}

// eventually waits for what happens soon but not at once.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(goodTime); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// wantReason waits until the source says that it is not ready, and why.
func (r *rig) wantReason(want string) {
	r.t.Helper()
	eventually(r.t, want, func() bool { return strings.Join(r.source.NotReady(), "; ") == want })
}

// nowhere is a group for cursors that are read by hand.
type nowhere struct{}

func (nowhere) Wake(*channels.Log) {}

// follow returns a cursor on channels that reads bytes for streams.
func (r *rig) follow(names ...string) *channels.Cursor {
	r.t.Helper()
	return r.followFrom("", names...)
}

// followFrom is follow for a client that has seen an event.
func (r *rig) followFrom(lastID string, names ...string) *channels.Cursor {
	r.t.Helper()
	f := channels.Follow{Form: wire.Stream, Live: r.hub.Head().Seq, Group: nowhere{}, Resume: channels.Resume{ID: lastID}}
	for _, name := range names {
		f.Subscriptions = append(f.Subscriptions, channels.Subscription{Channel: name})
	}
	c, err := r.hub.Follow(context.Background(), f)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.Close)
	return c
}

// read returns what streams get of what is published since the last read, and
// the reasons of gaps in brackets.
func (r *rig) read(c *channels.Cursor) string {
	r.t.Helper()
	var b strings.Builder
	for {
		entries, err := c.Next(nil, 100_000, 1<<28)
		if gap := (*channels.Gap)(nil); errors.As(err, &gap) {
			b.WriteString("[" + string(gap.Reason) + "]\n")
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		if len(entries) == 0 {
			return b.String()
		}
		for i := range entries {
			b.Write(wire.Data(entries[i].Bytes(wire.Stream)))
		}
	}
}

// count returns a metric, by its name and, in the order of their names, the
// values of its labels.
func (r *rig) count(name string, labels ...string) float64 {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var values []string
			for _, label := range m.GetLabel() {
				values = append(values, label.GetValue())
			}
			if family.GetName() == name && strings.Join(values, " ") == strings.Join(labels, " ") {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	r.t.Fatalf("no metric %s %s", name, labels)
	return 0
}

// message is what a publisher sends.
func message(subject, payload string, headers ...string) *client.Msg {
	m := client.NewMsg(subject)
	m.Data = []byte(payload)
	for i := 0; i+1 < len(headers); i += 2 {
		m.Header[headers[i]] = append(m.Header[headers[i]], headers[i+1])
	}
	return m
}

// request returns the status and the body of the answer to m.
func request(t testing.TB, nc *client.Conn, m *client.Msg) (status, body string) {
	t.Helper()
	answer, err := nc.RequestMsg(m, goodTime)
	if err != nil {
		t.Fatalf("%s: %v", m.Subject, err)
	}
	return answer.Header.Get(nats.StatusHeader), strings.TrimSuffix(string(answer.Data), "\n")
}

// places hides the positions in an answer, which are different in every run.
var places = regexp.MustCompile(`"position":"[^"]+",`)

const taken = `{"message":"Published","items":[{"status":"appended","subscribers":1}]}`
