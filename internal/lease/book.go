package lease

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"sync"
)

// Book holds leases. Make it with NewBook. It is safe for concurrent use.
type Book struct {
	mu  sync.Mutex
	all map[*Lease]struct{}
	// By the digest of the secret, so that looking one up takes no time that tells of
	// others. Leases for ever have no secret.
	open map[string]*Lease
}

// NewBook returns a book without leases.
func NewBook() *Book {
	return &Book{all: make(map[*Lease]struct{}), open: make(map[string]*Lease)}
}

// Digest is what a secret is known by. It is not one itself: nobody can answer with it.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Find returns the lease whose secret has this digest, nil if there is none.
func (b *Book) Find(digest string) *Lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open[digest]
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
	b.open[Digest(secret)] = l
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
		delete(b.open, Digest(secret))
	}
}
