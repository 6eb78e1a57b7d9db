package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
)

// epochKey is where the stream's metadata has the epoch of its sequences.
const epochKey = "holdfast_epoch"

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
	last  uint64 // at least so far its order has come
	first uint64 // nothing below this is stored
}

// settle finds the stream, or makes it, and gives it an epoch and our limits.
// reached is the highest place of epoch that this node has seen: a stream that
// has not come so far has lost some, and its next sequences would mean something
// else than they did.
func (b *Bus) settle(ctx context.Context, js jetstream.JetStream, epoch string, reached uint64) (settled, error) {
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
	if err != nil {
		return settled{}, fmt.Errorf("stream %s: %w", want.Name, err)
	}
	have := s.CachedInfo()
	now := have.Config.Metadata[epochKey]
	if now == epoch && have.State.LastSeq < reached {
		b.opts.Log.Error("the stream has lost what it had stored; its order begins anew",
			zap.Uint64("last", have.State.LastSeq), zap.Uint64("seen", reached))
		now = ""
	}
	if fresh := now == ""; fresh || !b.fits(&have.Config) {
		if have, err = b.update(ctx, js, have.Config, want, now); err != nil {
			return settled{}, fmt.Errorf("stream %s: %w", want.Name, err)
		}
		now = have.Config.Metadata[epochKey]
	}
	return settled{now, have.State.LastSeq, have.State.FirstSeq}, nil
}

// update gives the stream our settings, and a new epoch if it has none.
func (b *Bus) update(ctx context.Context, js jetstream.JetStream, have, want jetstream.StreamConfig, epoch string) (*jetstream.StreamInfo, error) {
	if epoch == "" {
		epoch = channels.NewEpoch()
	}
	want.Metadata = map[string]string{}
	maps.Copy(want.Metadata, have.Metadata)
	want.Metadata[epochKey] = epoch
	s, err := js.UpdateStream(ctx, want)
	if err != nil {
		return nil, err
	}
	b.opts.Log.Info("stream changed to the configured limits", zap.String("stream", want.Name))
	return s.CachedInfo(), nil
}

// fits reports whether the stream has our settings.
func (b *Bus) fits(have *jetstream.StreamConfig) bool {
	want := b.config()
	return have.MaxAge == want.MaxAge && have.MaxBytes == want.MaxBytes && have.MaxMsgsPerSubject == want.MaxMsgsPerSubject &&
		have.Replicas == want.Replicas && have.Duplicates == want.Duplicates && have.AllowDirect &&
		have.RePublish != nil && have.RePublish.Destination == want.RePublish.Destination
}
