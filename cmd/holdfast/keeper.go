package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/internal/barred"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/lease"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// describing is how long streams may take to tell what they are doing. One that is
// stuck in a write does not tell.
const describing = 250 * time.Millisecond

// keeper is what this node holds, for operators. It implements live.Keeper.
type keeper struct {
	// Fixed.
	registry *hold.Registry
	barred   *barred.List
	leases   *lease.Book
	front    *proxy.Front // set before it serves
	counts   *keeperMetrics
	log      *zap.Logger
}

func newKeeper(r *hold.Registry, reg prometheus.Registerer, log *zap.Logger) *keeper {
	k := &keeper{registry: r, barred: barred.NewList(), leases: lease.NewBook(), log: log}
	k.counts = newKeeperMetrics(reg, k.barred)
	return k
}

// heldBy is who h is, for a rule; its channels are known only after Describe.
func heldBy(h *hold.Held) *barred.Client {
	c := &barred.Client{Route: h.Route, Channels: h.Channels}
	if h.Who != nil {
		c.User, c.TokenID, c.Meta = h.Who.User, h.Who.TokenID, h.Who.Meta
	}
	return c
}

// Streams implements live.Keeper.
func (k *keeper) Streams(ctx context.Context, q live.Question) (page []live.Stream, more bool) {
	limit := q.Limit
	if q.Rule.Channel != "" {
		limit = math.MaxInt // only who is described is known to follow it
	}
	held, more := k.registry.Held(q.After, limit, func(h *hold.Held) bool { return q.Rule.MeansBut(heldBy(h)) })
	ctx, stop := context.WithTimeout(ctx, describing)
	defer stop()
	hold.Describe(ctx, held)
	if q.Rule.Channel != "" {
		held = slices.DeleteFunc(held, func(h hold.Held) bool { return !slices.Contains(h.Channels, q.Rule.Channel) })
		if more = len(held) > q.Limit; more {
			held = held[:q.Limit]
		}
	}
	for i := range held {
		page = append(page, streamOf(&held[i]))
	}
	return page, more
}

// streamOf describes a stream for operators.
func streamOf(h *hold.Held) live.Stream {
	s := live.Stream{
		ID: live.ID(h.ID), Route: h.Route, Protocol: h.Protocol, Since: h.Since.UTC(), Age: int64(time.Since(h.Since) / time.Second),
		Channels: append([]string{}, h.Channels...), Behind: h.Behind, Silent: h.Silent,
	}
	if h.Addr.IsValid() {
		s.Address = h.Addr.String()
	}
	if h.Who != nil {
		s.User, s.TokenID, s.Meta = h.Who.User, h.Who.TokenID, h.Who.Meta
	}
	return s
}

// End implements live.Keeper.
func (k *keeper) End(id uint64) bool {
	if id == 0 {
		return false
	}
	held, _ := k.registry.Held(id-1, 1, func(h *hold.Held) bool { return h.ID == id })
	for i := range held {
		held[i].End(hold.ReasonOperator)
	}
	return len(held) > 0
}

// Revoke implements live.Keeper.
func (k *keeper) Revoke(q live.Question) (ended, checked int, err error) {
	if err := q.Rule.Check(); err != nil {
		return 0, 0, err
	}
	if q.Action == live.Recheck {
		checked = k.front.Recheck(&q.Rule)
		ended = k.end(&q.Rule, hold.ReasonOperator, func(h *hold.Held) bool { return h.Who == nil || !h.Who.Renewable })
	} else {
		if q.For > 0 {
			if err := k.barred.Add(q.Rule, time.Now().Add(q.For)); err != nil {
				return 0, 0, err
			}
			k.registry.SetGuard(k.guard)
		}
		ended = k.end(&q.Rule, hold.ReasonRevoked, func(*hold.Held) bool { return true })
	}
	k.counts.revoked[q.Action].Inc()
	k.log.Info("streams revoked", zap.Any("rule", q.Rule), zap.String("action", string(q.Action)), zap.Duration("for", q.For),
		zap.Int("ended", ended), zap.Int("checked", checked))
	return ended, checked, nil
}

// end ends the streams that rule means, if also agrees, and returns how many. Those that
// do not tell their channels in time are ended when they do, if they are meant, and
// not counted.
func (k *keeper) end(rule *barred.Rule, why hold.Reason, also func(*hold.Held) bool) int {
	means := func(h *hold.Held) bool { return rule.MeansBut(heldBy(h)) && also(h) }
	held, _ := k.registry.Held(0, math.MaxInt, means)
	if rule.Channel != "" {
		return endFollowers(held, rule.Channel, why)
	}
	for i := range held {
		held[i].End(why)
	}
	return len(held)
}

// endFollowers ends those who follow a channel.
func endFollowers(held []hold.Held, channel string, why hold.Reason) int {
	told := make(chan bool, len(held)) // nobody who tells waits
	asked, ended := 0, 0
	for i := range held {
		h := &held[i]
		if h.Describe(func(f hold.Facts) {
			meant := slices.Contains(f.Channels, channel)
			if meant {
				h.End(why)
			}
			told <- meant
		}) {
			asked++
		}
	}
	patience := time.NewTimer(describing)
	defer patience.Stop()
	for range asked {
		select {
		case meant := <-told:
			if meant {
				ended++
			}
		case <-patience.C:
			return ended
		}
	}
	return ended
}

// Renew implements live.Keeper.
func (k *keeper) Renew(ctx context.Context, renewal []byte) (what string) {
	var r proxy.Renewal
	if json.Unmarshal(renewal, &r) != nil { // from a node of another version
		return ""
	}
	return k.front.Renew(ctx, r)
}

// errNotAll: the node that holds a stream may be one that has not said.
var errNotAll = errors.New("not all nodes have answered")

// elsewhere has the other nodes renew a stream that is not held here; see
// proxy.Holding.Elsewhere.
func (n *node) elsewhere(ctx context.Context, r proxy.Renewal) (what string, err error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	all, err := n.nodes.AskLive(ctx, live.Question{Op: live.Renew, Renewal: text})
	if err != nil {
		return "", err
	}
	return renewedBy(all)
}

// renewedBy is what the node says that holds the stream, nothing if no node does.
func renewedBy(all live.Answer) (what string, err error) {
	if len(all.Missing) > 0 {
		err = errNotAll
	}
	for _, report := range all.Reports {
		if report.Renewed != "" {
			return report.Renewed, nil
		}
		if report.Problem != "" { // it does not know the question
			err = errNotAll
		}
	}
	return "", err
}

// guard ends who is barred and comes in between.
func (k *keeper) guard(h *hold.Held) {
	if k.barred.Empty() {
		return
	}
	if k.barred.Bars(heldBy(h)) {
		h.End(hold.ReasonRevoked)
		return
	}
	if k.barred.NamesChannels() {
		newcomer := *h
		newcomer.Describe(func(f hold.Facts) {
			if newcomer.Facts = f; k.barred.Bars(heldBy(&newcomer)) {
				newcomer.End(hold.ReasonRevoked)
			}
		})
	}
}
