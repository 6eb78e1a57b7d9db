package pushpin

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is what of Holdfast's configuration a translation can set.
type document struct {
	Listen      []string    `yaml:"listen,omitempty,flow"`
	MaxStreams  int         `yaml:"max_streams,omitempty"`
	MaxChannels int         `yaml:"max_channels_per_stream,omitempty"`
	Server      server      `yaml:"server,omitempty"`
	Control     control     `yaml:"control,omitempty"`
	ZMQ         zmq         `yaml:"zmq,omitempty"`
	GRIP        grip        `yaml:"grip,omitempty"`
	Routes      []route     `yaml:"routes,omitempty"`
	Channels    channels    `yaml:"channels,omitempty"`
	Log         logSettings `yaml:"log,omitempty"`
}

type server struct {
	MaxHeaderBytes string `yaml:"max_header_bytes,omitempty"`
}

type control struct {
	Listen  []string `yaml:"listen,omitempty,flow"`
	MaxBody string   `yaml:"max_body,omitempty"`
}

type grip struct {
	SigKey string `yaml:"sig_key,omitempty"`
	SigIss string `yaml:"sig_iss,omitempty"`

	UpstreamKeys []string `yaml:"upstream_keys,omitempty,flow"`
}

type zmq struct {
	Pull []string `yaml:"pull,omitempty,flow"`
	Sub  []string `yaml:"sub,omitempty,flow"`
}

type channels struct {
	Dedup dedup `yaml:"dedup,omitempty"`
	Park  park  `yaml:"park,omitempty"`
}

type dedup struct {
	Window string `yaml:"window,omitempty"`
}

type park struct {
	Wait string `yaml:"wait,omitempty"`
}

type logSettings struct {
	Level string `yaml:"level,omitempty"`
}

// route is one element of routes.
type route struct {
	Name           string   `yaml:"name,omitempty"`
	Host           string   `yaml:"host,omitempty"`
	PathPrefix     string   `yaml:"path_prefix,omitempty"`
	Protocol       string   `yaml:"protocol,omitempty"`
	TLS            string   `yaml:"tls,omitempty"`
	RewritePrefix  string   `yaml:"rewrite_prefix,omitempty"`
	Origins        []string `yaml:"origins,flow"`
	ChannelPrefix  string   `yaml:"channel_prefix,omitempty"`
	Subscribe      []string `yaml:"subscribe,omitempty,flow"`
	SigKey         string   `yaml:"sig_key,omitempty"`
	SigIss         string   `yaml:"sig_iss,omitempty"`
	OverHTTP       bool     `yaml:"over_http,omitempty"`
	RequestHeaders edits    `yaml:"request_headers,omitempty"`
	CORS           cors     `yaml:"cors,omitempty,flow"`
	Debug          bool     `yaml:"debug,omitempty"`

	notes []Note
}

type cors struct {
	Origins     []string `yaml:"origins"`
	Credentials bool     `yaml:"credentials"`
	Methods     []string `yaml:"methods"`
	Headers     []string `yaml:"headers"`
	Expose      []string `yaml:"expose"`
}

type edits struct {
	Set    []string `yaml:"set,omitempty,flow"`
	Remove []string `yaml:"remove,omitempty,flow"`
}

// write lays the document out, with notes above it and above its routes.
func (d *document) write(notes []Note) ([]byte, error) {
	var root yaml.Node
	if err := root.Encode(d); err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "routes" {
			for j, element := range root.Content[i+1].Content {
				element.HeadComment = comment(d.Routes[j].notes)
			}
		}
	}
	var b bytes.Buffer
	b.WriteString(preamble(notes))
	if len(root.Content) == 0 {
		return b.Bytes(), nil
	}
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		return nil, err
	}
	return b.Bytes(), encoder.Close()
}

// preamble is what stands above the keys.
func preamble(notes []Note) string {
	text := "# Translated from Pushpin's configuration.\n"
	if len(notes) > 0 {
		text += "#\n# Not carried over, or not as it was:\n" + comment(notes) + "\n"
	}
	return text + "\n"
}

// comment lays notes out, a line each.
func comment(notes []Note) string {
	lines := make([]string, len(notes))
	for i, n := range notes {
		lines[i] = "# " + printable(n.String())
	}
	return strings.Join(lines, "\n")
}

// printable replaces what would end a comment's line or could not stand there.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffd' {
			return '?'
		}
		return r
	}, text)
}
