package explain

import "net/http"

// page is the origin of the page that the request says it comes from, if that
// is another site than the one that is asked.
func (e *evidence) page() string {
	page := e.request.Header.Get("Origin")
	scheme := "http://"
	if e.request.TLS != nil {
		scheme = "https://"
	}
	if page == scheme+e.request.Host || e.client.Status == "" || e.saw.answer == nil || e.saw.err != nil {
		return ""
	}
	return page
}

// notForThatPage finds an answer that the page may not read.
func notForThatPage(e *evidence) []Finding {
	page, allowed := e.page(), e.client.Header.Get("Access-Control-Allow-Origin")
	if page == "" || allowed == "*" || allowed == page {
		return nil
	}
	remedy := "send 'Access-Control-Allow-Origin: " + page + "', or name that in the route's cors.origins"
	if len(e.saw.route.CORS.Origins) > 0 && allowed == "" {
		return mistake("name it in the route's cors.origins, if it may", "a page of %s may not read the answer: it is not in the route's cors.origins", page)
	}
	if e.said("Access-Control-Allow-Origin") && allowed == "" {
		return mistake("send CORS headers in response.headers, or name them in Grip-Expose-Headers",
			"Access-Control-Allow-Origin of the origin does not reach the client")
	}
	return mistake(remedy, "a page of %s may not read the answer: Access-Control-Allow-Origin is %q", page, allowed)
}

// notWithCredentials finds an answer that the page may read only without
// cookies.
func notWithCredentials(e *evidence) []Finding {
	h := e.client.Header
	if e.page() == "" || h.Get("Access-Control-Allow-Origin") == "" || !hasCredentials(e.request.Header) {
		return nil
	}
	switch {
	case h.Get("Access-Control-Allow-Origin") == "*":
		return mistake("name the page's origin instead of *", "with cookies or credentials 'Access-Control-Allow-Origin: *' does not count")
	case h.Get("Access-Control-Allow-Credentials") != "true":
		return mistake("send 'Access-Control-Allow-Credentials: true'; where the route has cors.origins, set cors.credentials too", "the request has cookies or credentials, and the answer does not allow them")
	}
	return nil
}

func hasCredentials(h http.Header) bool { return h.Get("Cookie") != "" || h.Get("Authorization") != "" }
