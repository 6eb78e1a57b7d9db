package reload

import (
	"context"
	"maps"
	"os"
	"time"
)

const (
	// settling is how long files must have stood still.
	settling = 200 * time.Millisecond
	// restless is how often that is waited for. Files that change all the time are
	// read all the same.
	restless = 25
)

// Run reads the settings again after a signal, and when their files have changed, until
// ctx ends. The capacity of signals makes one of those that come during a reload; it is
// never closed.
func (r *Reloader) Run(ctx context.Context, signals <-chan os.Signal) {
	defer r.end()
	var seen sight // nothing: what has changed since the first reading must not be missed
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			r.reload(Signal)
		case <-r.asked: // it may be time to look more often now
		case <-r.pause():
			seen = r.follow(ctx, seen)
		}
	}
}

// pause returns what is ready when it is time to look, nil for never.
func (r *Reloader) pause() <-chan time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if every := r.options.Every(); every > 0 {
		return time.After(every)
	}
	return nil
}

// follow reads the settings again if the files are not as they were seen, once they
// stand still, and returns how they are.
func (r *Reloader) follow(ctx context.Context, seen sight) sight {
	now := r.look()
	if now.same(seen) {
		return now
	}
	for range restless {
		select {
		case <-ctx.Done():
			return now
		case <-time.After(settling):
		}
		before := now
		if now = r.look(); now.same(before) {
			break
		}
	}
	r.reload(File)
	return now
}

// sight is how files were when they were looked at, by path; nil where one could not
// be looked at.
type sight map[string]os.FileInfo

func (r *Reloader) look() sight {
	r.mu.Lock()
	files := r.options.Files()
	r.mu.Unlock()
	s := make(sight, len(files))
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			info = nil
		}
		s[path] = info
	}
	return s
}

func (s sight) same(as sight) bool {
	return maps.EqualFunc(s, as, func(a, b os.FileInfo) bool {
		if a == nil || b == nil {
			return a == nil && b == nil
		}
		return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
	})
}
