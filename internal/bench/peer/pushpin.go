package peer

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// pushpinConfig takes the directory, where to listen for clients, and the address
// and port for publishers. Everything that is not about where things are, or
// about limits, is as in Debian's file.
const pushpinConfig = `[global]
include={libdir}/internal.conf
rundir=%[1]s/run
ipc_prefix=bench-
port_offset=0
stats_connection_ttl=120

[runner]
services=condure,zurl,pushpin-proxy,pushpin-handler
http_port=%[2]s
logdir=%[1]s/log
log_level=1
client_buffer_size=8192
client_maxconn=50000
condure_bin=condure
zurl_bin=zurl

[proxy]
routesfile=routes
debug=false
sig_iss=pushpin
sig_key=changeme
zurl_out_specs=ipc://{rundir}/{ipc_prefix}zurl-in
zurl_out_stream_specs=ipc://{rundir}/{ipc_prefix}zurl-in-stream
zurl_in_specs=ipc://{rundir}/{ipc_prefix}zurl-out
updates_check=off

[handler]
push_in_spec=ipc://{rundir}/{ipc_prefix}push
push_in_sub_specs=ipc://{rundir}/{ipc_prefix}sub
push_in_http_addr=%[3]s
push_in_http_port=%[4]s
push_in_http_max_headers_size=10000
push_in_http_max_body_size=10000000
stats_spec=ipc://{rundir}/{ipc_prefix}stats
command_spec=ipc://{rundir}/{ipc_prefix}command
message_rate=1000000
message_hwm=1000000
message_wait=5000
id_cache_ttl=60
connection_subscription_max=20
`

// Pushpin is the one that Debian has.
func Pushpin() Peer {
	return Peer{
		Name:      "Pushpin",
		What:      "a GRIP proxy, C++ and Rust",
		Note:      "Its limit of 2,500 messages a second is lifted. It is several processes; what they use is added up. While some 200 publish requests a second come in it was seen to deliver next to nothing until they pause, with its default limits as well; where items come one a request, its latencies show how long was published.",
		Origin:    true,
		Slow:      true,
		Version:   pushpinVersion,
		dialect:   bench.GRIP,
		stream:    byQuery,
		configure: configurePushpin,
	}
}

func configurePushpin(s Setup) (Launch, error) {
	host, port, err := net.SplitHostPort(s.Control)
	if err != nil {
		return Launch{}, err
	}
	for _, dir := range []string{"run", "log"} {
		if err := os.Mkdir(filepath.Join(s.Dir, dir), 0o755); err != nil {
			return Launch{}, err
		}
	}
	text := fmt.Sprintf(pushpinConfig, s.Dir, s.Clients, host, port)
	file := filepath.Join(s.Dir, "pushpin.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return Launch{}, err
	}
	route := "* " + s.Origin + "\n"
	err = os.WriteFile(filepath.Join(s.Dir, "routes"), []byte(route), 0o644)
	shown := strings.Replace(text, "push_in_http_port="+port, "push_in_http_port=(that of CONTROL)", 1)
	return Launch{Args: []string{"pushpin", "--config=" + file}, Config: shown + "\n# routes\n" + route}, err
}

func pushpinVersion(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("pushpin"); err != nil {
		return "", fmt.Errorf("%w (Debian: apt-get install pushpin)", err)
	}
	return firstLine(exec.CommandContext(ctx, "pushpin", "--version"))
}
