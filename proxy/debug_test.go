package proxy

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestEveryFailureIsCountedLoggedAndOnDemandTold goes through all reasons, each
// with an error that would break a line.
func TestEveryFailureIsCountedLoggedAndOnDemandTold(t *testing.T) {
	for _, debug := range []bool{false, true} {
		core, log := observer.New(zap.DebugLevel)
		f := &front{metrics: prometheus.NewRegistry()}
		o := Options{Log: zap.New(core), Metrics: NewMetrics(f.metrics)}
		to("http://" + unusedAddr)(&o)
		o.Routes[0].Debug = debug
		h, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, reason := range reasons() {
			rt, rec := h.routes.all[0], httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			x := &exchange{w: newResponseWriter(rec, r), route: rt, counts: rt.counts}
			refused := refuses(h, x, r, &failure{reason, errors.New("it\nbroke")})
			if got := f.count(t, "holdfast_request_failures_total", string(reason)); got != 1 {
				t.Errorf("%s is counted %v times", reason, got)
			}
			if lines := log.FilterField(zap.String("reason", string(reason))).Len(); lines != 1 {
				t.Errorf("%s has %d lines in the log", reason, lines)
			}
			told := strings.Contains(rec.Body.String(), string(reason)+": it broke\n")
			if refused && (rec.Code != reason.status() || told != debug) {
				t.Errorf("%s with debug %v: %d %q", reason, debug, rec.Code, rec.Body)
			}
		}
	}
}

// refuses reports whether the client got an answer; otherwise it was cut.
func refuses(h *Handler, x *exchange, r *http.Request, f *failure) (answered bool) {
	defer func() { answered = recover() == nil }()
	h.refuse(x, r, f)
	return true
}
