package control

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/holdfast-proxy/holdfast/control/access"
)

// readiness is the JSON answer of /readyz.
type readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons,omitempty"`
}

// healthy serves GET /healthz: whoever answers is alive.
func healthy(*http.Request, *access.Grant) (answer, error) { return said("ok"), nil }

// ready serves GET /readyz: 503 with the reasons while no new streams should be
// sent here.
func (h *Handler) ready(*http.Request, *access.Grant) (answer, error) {
	var reasons []string
	if h.opts.NotReady != nil {
		reasons = h.opts.NotReady()
	}
	if len(reasons) == 0 {
		return answer{text: "ready", json: readiness{Ready: true}}, nil
	}
	return answer{
		status: http.StatusServiceUnavailable,
		text:   "not ready: " + strings.Join(reasons, "; "),
		json:   readiness{Reasons: reasons},
	}, nil
}

// metricsPage serves GET /metrics.
func (h *Handler) metricsPage() http.Handler {
	return promhttp.HandlerFor(h.opts.Gatherer, promhttp.HandlerOpts{})
}
