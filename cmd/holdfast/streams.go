package main

// maxStreams is the bound on held streams: what is configured, or what the
// limit on open files allows with an eighth of it, 64 at least, kept for
// requests under way. 0 is no bound.
func maxStreams(configured int) int {
	files := descriptors()
	if configured > 0 || files == 0 {
		return configured
	}
	return max(1, files-max(64, files/8))
}
