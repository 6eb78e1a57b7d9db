package bench

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// longestQueue returns how many bytes the kernel keeps for the connection of the
// URL's port where the most are not acknowledged, on the server's side: the queue
// that a server cannot see. It is 0 unless the server is on this machine.
func longestQueue(target string) (int64, error) {
	u, err := url.Parse(expand(target, 0))
	if err != nil {
		return 0, err
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || !onLoopback(target) {
		return 0, nil
	}
	var longest int64
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return 0, err
		}
		longest = max(longest, longestIn(string(text), port))
	}
	return longest, nil
}

// longestIn looks for the longest transmit queue of a local port in a table of
// sockets. Its second field is the local address, the fifth the queues, all in
// hexadecimal (proc(5)).
func longestIn(table string, port int) int64 {
	local := fmt.Sprintf(":%04X", port)
	var longest int64
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasSuffix(fields[1], local) {
			continue
		}
		sent, _, _ := strings.Cut(fields[4], ":")
		if n, err := strconv.ParseInt(sent, 16, 64); err == nil {
			longest = max(longest, n)
		}
	}
	return longest
}
