package proxy

import (
	"testing"

	"go.uber.org/goleak"
)

// net/http lingers half a second after the answer to a bad request.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
