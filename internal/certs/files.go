package certs

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"

	"go.uber.org/zap"
)

// maxFile bounds what is read of a file, in bytes. The largest bundles of
// authorities have a quarter of a megabyte.
const maxFile = 16 << 20

// digest stands for the content of files, or for why they cannot be read.
type digest [sha256.Size]byte

// files is what belongs together, and is of use only together. Its Store's lock
// guards it.
type files struct {
	// Fixed after keep.
	name  string   // in Store.known
	paths []string // the first names them in logs and metrics
	// use makes something of the contents, in the order of paths, and makes that
	// current. The error says why it cannot; then it has done nothing. The fields
	// are for the log.
	use    func(contents [][]byte) ([]zap.Field, error)
	counts fileCounts
	log    *zap.Logger

	current digest // what is in use
	seen    digest // what the last look or read has found
	refused digest // what was of no use, and was told
}

// among reports whether one of the files has one of the paths.
func (f *files) among(paths []string) bool {
	return slices.ContainsFunc(f.paths, func(path string) bool { return slices.Contains(paths, path) })
}

// look reads the files and takes up what has changed, if the look before has
// found the same. It tells of what is of no use.
func (f *files) look() {
	contents, err := f.contents()
	found, before := digestOf(contents, err), f.seen
	f.seen = found
	if found == f.current || found != before || found == f.refused {
		return
	}
	if err = f.take(found, contents, err); err != nil {
		f.log.Error("a changed file is of no use, what was read before stays", zap.String("file", f.paths[0]), zap.Error(err))
	}
}

// read reads the files and takes up what has changed.
func (f *files) read() error {
	contents, err := f.contents()
	found := digestOf(contents, err)
	f.seen = found
	if found == f.current {
		return nil
	}
	return f.take(found, contents, err)
}

// take makes what was found current, or says why it is of no use.
func (f *files) take(found digest, contents [][]byte, err error) error {
	var fields []zap.Field
	if err == nil {
		if fields, err = f.use(contents); err != nil {
			err = fmt.Errorf("%s: %w", f.paths[0], err)
		}
	}
	if err != nil {
		f.refused = found
		f.counts.refused.Inc()
		return err
	}
	f.current, f.refused = found, digest{}
	f.counts.loaded.Inc()
	f.log.Info("file loaded", append(fields, zap.String("file", f.paths[0]))...)
	return nil
}

// contents reads the files.
func (f *files) contents() ([][]byte, error) {
	contents := make([][]byte, len(f.paths))
	for i, path := range f.paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.Size() > maxFile {
			return nil, fmt.Errorf("%s has more than %d bytes", path, maxFile)
		}
		if contents[i], err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return contents, nil
}

// digestOf is never the zero digest.
func digestOf(contents [][]byte, err error) digest {
	h := sha256.New()
	if err != nil {
		fmt.Fprintf(h, "error %v", err)
	}
	for _, content := range contents {
		fmt.Fprintf(h, "%d ", len(content))
		h.Write(content)
	}
	return digest(h.Sum(nil))
}
