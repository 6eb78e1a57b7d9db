package control

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/control/access"
)

// endpoint is a path with what its methods do.
type endpoint struct {
	// path as the OpenAPI document writes it. It may end in one parameter,
	// which handlers read with PathValue.
	path string
	// open endpoints are served to anybody, token or not.
	open bool
	// fastly endpoints take their token as the API of Fastly does, too.
	fastly bool
	// slow endpoints answer at their own pace.
	slow bool
	// methods, nil for the endpoint that stands for unknown paths.
	methods map[string]method
}

// method is what an endpoint does for a method of HTTP.
type method struct {
	// needs is the right that a token must have.
	needs access.Rights
	serve serve
}

// serve answers r for the bearer of a token. If there is an error, then nothing
// has been answered.
type serve func(w http.ResponseWriter, r *http.Request, by *access.Grant) error

// answerTimeout is how long a client may take to read an answer.
const answerTimeout = 30 * time.Second

// timeout is how long reading an answer of e may take, 0 for any time.
func (e *endpoint) timeout() time.Duration {
	if e.slow {
		return 0
	}
	return answerTimeout
}

// method returns what is done for a method of HTTP. HEAD is served as GET, whose
// body net/http leaves out.
func (e *endpoint) method(name string) (method, error) {
	if e.methods == nil {
		return method{}, refusef(http.StatusNotFound, "Not Found")
	}
	if name == http.MethodHead {
		name = http.MethodGet
	}
	if m, ok := e.methods[name]; ok {
		return m, nil
	}
	return method{}, refusef(http.StatusMethodNotAllowed, "Method not allowed: %s.", name).with("Allow", e.allowed())
}

// allowed lists the methods for the header Allow.
func (e *endpoint) allowed() string {
	var names []string
	for method := range e.methods {
		names = append(names, method)
		if method == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// routes finds endpoints. http.ServeMux is not used because it answers unclean
// paths with redirects, which publishers do not follow, and 405 in words of its
// own.
type routes struct {
	exact   map[string]*endpoint
	below   map[string]*endpoint // by the path before the parameter's slash
	unknown *endpoint
}

func newRoutes(endpoints []*endpoint) routes {
	rs := routes{
		exact:   make(map[string]*endpoint),
		below:   make(map[string]*endpoint),
		unknown: &endpoint{path: "unknown"},
	}
	for _, e := range endpoints {
		if parent, _, ok := e.parameter(); ok {
			rs.below[parent] = e
		} else {
			rs.exact[e.path] = e
		}
	}
	return rs
}

// parameter splits a path that ends in a parameter.
func (e *endpoint) parameter() (parent, name string, ok bool) {
	parent, last := splitPath(e.path)
	name, ok = strings.CutPrefix(last, "{")
	return parent, strings.TrimSuffix(name, "}"), ok
}

// find returns the endpoint for r's path and sets its parameter in r. One
// slash at the end makes no difference. The parameter is one segment, percent-
// decoded: a slash in it is written %2F.
func (rs *routes) find(r *http.Request) *endpoint {
	path := r.URL.EscapedPath()
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if e, ok := rs.exact[path]; ok {
		return e
	}
	parent, last := splitPath(path)
	e, ok := rs.below[parent]
	if !ok {
		return rs.unknown
	}
	value, err := url.PathUnescape(last)
	if err != nil { // cannot be: EscapedPath is well formed
		return rs.unknown
	}
	_, name, _ := e.parameter()
	r.SetPathValue(name, value)
	return e
}

// splitPath splits path at its last slash.
func splitPath(path string) (parent, last string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
