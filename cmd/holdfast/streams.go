package main

import (
	"fmt"

	"go.uber.org/zap"
)

const (
	// spareFiles is the least number of files that are kept for what is not a
	// stream: requests under way, of which each has two, listeners, the log.
	spareFiles = 64
	// fewFiles is what nobody chooses for a server of streams. Systems without
	// any setting of their own have 1024 or 4096.
	fewFiles = 8192
	// moreFiles says how to get more.
	moreFiles = "set LimitNOFILE in the service's unit, --ulimit nofile of the container, or ulimit -n"
)

// maxStreams is the bound on held streams: what is configured, or what the
// limit on open files allows with an eighth of it, spareFiles at least, kept for
// requests under way. 0 is no bound. files is the limit, 0 if it is not known.
func maxStreams(configured, files int) int {
	if configured > 0 || files == 0 {
		return configured
	}
	return max(1, files-max(spareFiles, files/8))
}

// filesFor is the limit on open files that allows so many streams.
func filesFor(streams int) int { return streams + max(spareFiles, streams/7+1) }

// reportCapacity logs how many streams can be held, and what to do where that
// is odd. More than the limit on open files allows may be meant: on HTTP/2
// streams share a descriptor. So what is configured holds.
func reportCapacity(configured, files int, log *zap.Logger) {
	if files == 0 {
		return
	}
	log.Info("capacity", zap.Int("max_streams", maxStreams(configured, files)), zap.Int("open_files", files))
	fitting := maxStreams(0, files)
	switch {
	case configured > fitting:
		log.Warn("max_streams is more than open files allow, unless streams share connections",
			zap.Int("max_streams", configured), zap.Int("fitting", fitting), zap.Int("open_files", files),
			zap.String("remedy", fmt.Sprintf("allow %d open files: %s", filesFor(configured), moreFiles)))
	case configured == 0 && files < fewFiles:
		log.Warn("few files may be open, and each stream is one",
			zap.Int("max_streams", fitting), zap.Int("open_files", files), zap.String("remedy", moreFiles))
	}
}
