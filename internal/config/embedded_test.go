package config

import (
	"errors"
	"testing"
)

func TestOnHowManyServersMessagesAreStored(t *testing.T) {
	cluster := func(peers ...string) Embedded {
		return Embedded{StoreDir: "d", Cluster: EmbeddedCluster{Name: "c", Peers: peers}}
	}
	tests := []struct {
		name string
		nats NATS
		want int
	}{
		{"no NATS of ours", NATS{}, 1},
		{"as it is said", NATS{Replicas: 2}, 2},
		{"alone", NATS{Embedded: Embedded{StoreDir: "d"}}, 1},
		{"two servers, where a second copy would only make it stop when either does", NATS{Embedded: cluster("a", "b")}, 1},
		{"three servers", NATS{Embedded: cluster("a", "b", "c")}, 3},
		{"five servers", NATS{Embedded: cluster("a", "b", "c", "d", "e")}, 3},
		{"five servers that are all wanted", NATS{Replicas: 5, Embedded: cluster("a", "b", "c", "d", "e")}, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.nats.StoredOn(); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// TestClientsOfAnEncryptedPortMustSeeACertificate: naming who signs theirs is not
// enough.
func TestClientsOfAnEncryptedPortMustSeeACertificate(t *testing.T) {
	cfg := Default()
	cfg.Origin = "http://a"
	cfg.NATS.Embedded.StoreDir, cfg.NATS.Embedded.Listen = "d", "127.0.0.1:4222"
	cfg.NATS.Embedded.TLS.CA = "ca.pem"
	var problem *KeyError
	if err := cfg.Validate(); !errors.As(err, &problem) || problem.Key != "nats.embedded.tls.cert" {
		t.Errorf("got %v, want a problem of nats.embedded.tls.cert", err)
	}
}
