package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
)

// Where the stream's metadata has the epoch of its sequences, and when the stream
// was made that the epoch is for.
const (
	epochKey = "holdfast_epoch"
	sinceKey = "holdfast_epoch_since"
)

// config is how the stream must be, but for its epoch.
func (b *Bus) config() jetstream.StreamConfig {
	o, n := &b.opts, &b.names
	most := int64(-1)
	if o.MaxMessages > 0 {
		most = int64(o.MaxMessages)
	}
	bytes := int64(-1)
	if o.MaxBytes > 0 {
		bytes = o.MaxBytes
	}
	return jetstream.StreamConfig{
		Name:              n.stream,
		Description:       "what was published to Holdfast's channels",
		Subjects:          []string{n.channels + ">", n.mark},
		Retention:         jetstream.LimitsPolicy,
		Discard:           jetstream.DiscardOld,
		Storage:           jetstream.FileStorage,
		MaxAge:            o.MaxAge,
		MaxBytes:          bytes,
		MaxMsgs:           -1,
		MaxMsgsPerSubject: most,
		MaxMsgSize:        -1,
		MaxConsumers:      -1,
		Replicas:          o.Replicas,
		Duplicates:        o.DedupWindow,
		AllowDirect:       true,
		RePublish:         &jetstream.RePublish{Source: o.Prefix + ".>", Destination: n.live + ">"},
	}
}

// settled is what is known of the stream.
type settled struct {
	epoch string
	last  witness // at least so far its order has come
	kept  kept
}

// settle finds the stream, or makes it, and gives it an epoch and our limits.
// seen is what this node knows of its order.
func (b *Bus) settle(ctx context.Context, js jetstream.JetStream, d *direct, seen order) (settled, error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	want := b.config()
	s, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		want.Metadata = map[string]string{epochKey: channels.NewEpoch()}
		if s, err = js.CreateStream(ctx, want); err == nil {
			b.opts.Log.Info("stream made", zap.String("stream", want.Name), zap.Int("replicas", want.Replicas))
		}
	}
	switch {
	case errors.Is(err, client.ErrNoResponders):
		return settled{}, fmt.Errorf("stream %s: JetStream is not enabled at this server, or has no leader (%w)", want.Name, err)
	case errors.Is(err, context.DeadlineExceeded):
		return settled{}, fmt.Errorf("stream %s: JetStream does not answer: it has no leader, or the server has switched it off (%w)", want.Name, err)
	case err != nil:
		return settled{}, fmt.Errorf("stream %s: %w", want.Name, err)
	}
	have := s.CachedInfo()
	if err := b.owns(&have.Config); err != nil {
		return settled{}, fmt.Errorf("stream %s: %w", want.Name, err)
	}
	now := b.epochOf(have)
	lost, err := b.hasLost(ctx, js, d, have, seen)
	if err != nil {
		return settled{}, fmt.Errorf("stream %s: %w", want.Name, err)
	}
	switch {
	case lost:
		b.opts.Log.Error("the stream has lost what it had stored; its order begins anew",
			zap.Uint64("last", have.State.LastSeq), zap.Uint64("seen", seen.reached))
		now = channels.NewEpoch()
	case seen.suspect:
		b.opts.Log.Warn("the stream may have lost what it stored last; its order begins anew", zap.Uint64("last", have.State.LastSeq))
		now = channels.NewEpoch()
	}
	marked := have.Config.Metadata[epochKey] == now && have.Config.Metadata[sinceKey] == since(have)
	if !marked || !b.fits(&have.Config) {
		if have, err = b.update(ctx, js, have, want, now); err != nil {
			return settled{}, fmt.Errorf("stream %s: %w", want.Name, err)
		}
	}
	return settled{now, witness{have.State.LastSeq, have.State.LastTime}, keptOf(&have.Config)}, nil
}

// order is what a node knows of a stream's order.
type order struct {
	epoch   string
	reached uint64 // the highest place that it has heard of
	witness witness
	suspect bool // the stream may have lost what nobody has seen who lives
}

// hasLost reports whether the stream lacks what it had once. Its next sequences, or
// those that it has given since, mean something else than they did then.
func (b *Bus) hasLost(ctx context.Context, js jetstream.JetStream, d *direct, have *jetstream.StreamInfo, seen order) (bool, error) {
	switch {
	case b.epochOf(have) != seen.epoch:
		return false, nil // it is another already
	case have.State.LastSeq < seen.reached:
		err := b.confirmLoss(ctx, js, seen.reached)
		return err == nil, err
	}
	return d.denies(ctx, seen.witness)
}

// confirmLoss returns nil if the stream has not come so far as reached. What it tells
// of itself is no proof: a server that led it before it was cut off takes itself
// for the leader for a while when it is back, and tells what it had then. What it
// stores now is acknowledged by most servers, and has its place after all else.
func (b *Bus) confirmLoss(ctx context.Context, js jetstream.JetStream, reached uint64) error {
	ack, err := js.Publish(ctx, b.names.mark, nil, jetstream.WithRetryAttempts(0))
	switch {
	case err != nil:
		return err
	case ack.Sequence > reached:
		return errors.New("the server that tells of it has not caught up")
	}
	return nil
}

// epochOf is the epoch of a stream's sequences. A stream that was deleted and
// made again from its own settings has another, and so has one that somebody has given
// a word of their own. All nodes derive it alike.
func (b *Bus) epochOf(have *jetstream.StreamInfo) string {
	epoch, made := have.Config.Metadata[epochKey], have.Config.Metadata[sinceKey]
	if isEpoch(epoch) && (made == "" || made == since(have)) {
		return epoch
	}
	return channels.DeriveEpoch(epoch + since(have))
}

func isEpoch(text string) bool {
	_, ok := channels.ParsePosition(channels.Position{Epoch: text}.String())
	return ok
}

func since(s *jetstream.StreamInfo) string { return s.Created.UTC().Format(time.RFC3339Nano) }

// update gives the stream our settings and its epoch.
func (b *Bus) update(ctx context.Context, js jetstream.JetStream, have *jetstream.StreamInfo, want jetstream.StreamConfig, epoch string) (*jetstream.StreamInfo, error) {
	want.Metadata = map[string]string{}
	maps.Copy(want.Metadata, have.Config.Metadata)
	want.Metadata[epochKey], want.Metadata[sinceKey] = epoch, since(have)
	if k := raised(have, &want); k.messages > 0 {
		want.Metadata[keptKey] = k.String()
	}
	s, err := js.UpdateStream(ctx, want)
	if err != nil {
		return nil, err
	}
	b.opts.Log.Info("stream has the configured limits", zap.String("stream", want.Name))
	return s.CachedInfo(), nil
}

// owns returns an error if a stream is for other subjects than ours. Several
// prefixes give streams the same name.
func (b *Bus) owns(have *jetstream.StreamConfig) error {
	want := b.config()
	for _, subject := range want.Subjects {
		if slices.Contains(have.Subjects, subject) {
			return nil
		}
	}
	return fmt.Errorf("it is there already, for %s and not for %s; choose a nats.prefix that differs from others by more than its capitals and signs, or delete the stream if nothing uses it",
		strings.Join(have.Subjects, ", "), strings.Join(want.Subjects, ", "))
}

// fits reports whether the stream has our settings.
func (b *Bus) fits(have *jetstream.StreamConfig) bool {
	want := b.config()
	return have.MaxAge == want.MaxAge && have.MaxBytes == want.MaxBytes && have.MaxMsgsPerSubject == want.MaxMsgsPerSubject &&
		have.Replicas == want.Replicas && have.Duplicates == want.Duplicates && have.AllowDirect && have.Discard == want.Discard &&
		have.RePublish != nil && *have.RePublish == *want.RePublish &&
		!slices.ContainsFunc(want.Subjects, func(subject string) bool { return !slices.Contains(have.Subjects, subject) })
}
