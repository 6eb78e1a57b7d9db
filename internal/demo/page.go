package demo

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// page serves the demo's page. The policy lets it talk to its own host, and,
// after a redirect, to Holdfast under another name.
func page() http.Handler {
	dir, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the name above is not embedded
	}
	files := http.FileServerFS(dir)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; connect-src *; frame-ancestors 'none'")
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}
