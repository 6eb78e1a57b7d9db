package lease

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
)

// Book holds the leases that can be extended. Make it with NewBook. It is safe for
// concurrent use.
type Book struct {
	mu sync.Mutex
	// By the hash of the secret, so that looking one up takes no time that tells of
	// others.
	open map[[sha256.Size]byte]*Lease
}

// NewBook returns a book without leases.
func NewBook() *Book { return &Book{open: make(map[[sha256.Size]byte]*Lease)} }

// Find returns the lease whose secret this is, nil if there is none.
func (b *Book) Find(secret string) *Lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open[sha256.Sum256([]byte(secret))]
}

// Len is how many leases can be extended.
func (b *Book) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

// enter gives l a new secret, and takes the old one, if any, away.
func (b *Book) enter(l *Lease, old string) (secret string) {
	secret = rand.Text()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.removeLocked(old)
	b.open[sha256.Sum256([]byte(secret))] = l
	return secret
}

func (b *Book) remove(secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.removeLocked(secret)
}

func (b *Book) removeLocked(secret string) {
	if secret != "" {
		delete(b.open, sha256.Sum256([]byte(secret)))
	}
}
