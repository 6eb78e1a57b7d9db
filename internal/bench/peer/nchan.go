package peer

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

const (
	nginx       = "/usr/sbin/nginx"
	nchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so"
)

// nchanConfig takes the module, the directory, how many workers, where to listen
// for clients and publishers, and what TLS needs. A stream may follow two channels.
const nchanConfig = `load_module %[1]s;
daemon off;
user root;
worker_processes %[3]d;
worker_rlimit_nofile 20000;
pid %[2]s/nginx.pid;
error_log %[2]s/error.log error;
events { worker_connections 20000; }
http {
    access_log off;
    client_body_temp_path %[2]s/body;
    proxy_temp_path %[2]s/proxy;
    fastcgi_temp_path %[2]s/fastcgi;
    uwsgi_temp_path %[2]s/uwsgi;
    scgi_temp_path %[2]s/scgi;
    client_body_buffer_size 1m;
    keepalive_requests 1000000000;
    nchan_shared_memory_size 1024m;
    nchan_message_buffer_length 1000;
    nchan_message_timeout 10m;
    server {
        listen %[4]s backlog=4096%[6]s
        location = /sub {
            nchan_subscriber eventsource;
            nchan_subscriber_first_message newest;
            nchan_channel_id $arg_channel;
        }
        location = /two {
            nchan_subscriber eventsource;
            nchan_subscriber_first_message newest;
            nchan_channel_id $arg_channel $arg_also;
        }
    }
    server {
        listen %[5]s;
        location = /pub {
            nchan_publisher;
            nchan_channel_id $arg_channel;
        }
    }
}
`

// Nchan is nginx with the Nchan module, as Debian has them.
func Nchan() Peer {
	return Peer{
		Name:    "Nchan",
		What:    "an nginx module, C",
		Note:    "Its clients name the channel themselves: connecting asks no origin. It takes one message a request, so a batch is that many requests, one after the other.",
		Replay:  true,
		Slow:    true,
		TLS:     true,
		Version: nchanVersion,
		dialect: bench.Nchan,
		stream:  nchanStream,
		configure: func(s Setup) (Launch, error) {
			text := fmt.Sprintf(nchanConfig, nchanModule, s.Dir, s.Cores, s.Clients, s.Control, nchanTLS(s.Certificate))
			file := filepath.Join(s.Dir, "nginx.conf")
			err := os.WriteFile(file, []byte(text), 0o644)
			return Launch{Args: []string{nginx, "-c", file, "-e", filepath.Join(s.Dir, "error.log")}, Config: text}, err
		},
	}
}

// nchanTLS ends the line with the address for clients.
func nchanTLS(c *Certificate) string {
	if c == nil {
		return ";"
	}
	return fmt.Sprintf(" ssl http2;\n        ssl_certificate %s;\n        ssl_certificate_key %s;", c.Cert, c.Key)
}

func nchanStream(channel, common string) string {
	if common == "" {
		return "/sub?channel=" + channel
	}
	return "/two?channel=" + channel + "&also=" + common
}

func nchanVersion(ctx context.Context) (string, error) {
	for _, file := range []string{nginx, nchanModule} {
		if _, err := os.Stat(file); err != nil {
			return "", fmt.Errorf("%w (Debian: apt-get install nginx libnginx-mod-nchan)", err)
		}
	}
	server, err := firstLine(exec.CommandContext(ctx, nginx, "-v"))
	if err != nil {
		return "", err
	}
	module, err := firstLine(exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"))
	return strings.TrimPrefix(server, "nginx version: ") + ", Nchan " + module, err
}
