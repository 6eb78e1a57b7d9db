package control

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// query returns r's query parameters, which are valid UTF-8. Any but the
// allowed ones, and doubled ones, are refused: a misspelt parameter would
// otherwise be lost silently.
func query(r *http.Request, allowed ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refusef(http.StatusBadRequest, "The query is malformed: %v.", err)
	}
	for name, values := range q {
		if !slices.Contains(allowed, name) {
			return nil, refusef(http.StatusBadRequest, "Unknown parameter %q; %s.", name, alternatives(allowed))
		}
		if len(values) > 1 {
			return nil, refusef(http.StatusBadRequest, "Parameter %q is given %d times.", name, len(values))
		}
		if !utf8.ValidString(values[0]) {
			return nil, refusef(http.StatusBadRequest, "Parameter %q is not valid UTF-8.", name)
		}
	}
	return q, nil
}

// alternatives lists the parameters that there are.
func alternatives(allowed []string) string {
	if len(allowed) == 0 {
		return "there are none"
	}
	return "there are: " + strings.Join(allowed, ", ")
}

// number reads a whole number between least and most from q.
func number(q url.Values, name string, unset, least, most int) (int, error) {
	if !q.Has(name) {
		return unset, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < least || n > most {
		return 0, refusef(http.StatusBadRequest, "Parameter %q must be a whole number from %d to %d.", name, least, most)
	}
	return n, nil
}
