package lease

import (
	"crypto/rand"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
)

// Book holds leases. Make it with NewBook. It is safe for concurrent use.
type Book struct {
	mu  sync.Mutex
	all map[*Lease]struct{}
	// By the hash of the secret, so that looking one up takes no time that tells of
	// others. Leases for ever have no secret.
	open map[[sha256.Size]byte]*Lease
}

// NewBook returns a book without leases.
func NewBook() *Book {
	return &Book{all: make(map[*Lease]struct{}), open: make(map[[sha256.Size]byte]*Lease)}
}

// Find returns the lease whose secret this is, nil if there is none.
func (b *Book) Find(secret string) *Lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open[sha256.Sum256([]byte(secret))]
}

// Len is how many leases are not over.
func (b *Book) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.all)
}

// All returns the leases that are not over.
func (b *Book) All() []*Lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Keys(b.all))
}

// enter gives l a new secret, and takes the old one, if any, away.
func (b *Book) enter(l *Lease, old string) (secret string) {
	secret = rand.Text()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.removeLocked(old)
	b.all[l] = struct{}{}
	b.open[sha256.Sum256([]byte(secret))] = l
	return secret
}

// keep takes the secret of l away, which is for ever.
func (b *Book) keep(l *Lease, secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all[l] = struct{}{}
	b.removeLocked(secret)
}

// leave removes l, which is over.
func (b *Book) leave(l *Lease, secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.all, l)
	b.removeLocked(secret)
}

func (b *Book) removeLocked(secret string) {
	if secret != "" {
		delete(b.open, sha256.Sum256([]byte(secret)))
	}
}
