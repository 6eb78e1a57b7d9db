package config

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// same compares settings: an empty list is no list.
func same() cmp.Option {
	return cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{})}
}
