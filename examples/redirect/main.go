// Command redirect is an API that hands its event streams over to Holdfast by a
// redirect. It stands for an API that Holdfast is not in front of, for example
// because a CDN is, which cuts long requests.
//
// There are two sites. The page and the API are on localhost, Holdfast is on
// 127.0.0.1: to a browser these are as foreign to each other as two domains.
// README.md tells how to run it and what each header is for.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "serve the page and the API on this `ADDR`")
	site := flag.String("site", "http://localhost:8000", "origin of the page, as browsers see it")
	holdfast := flag.String("holdfast", "http://127.0.0.1:7999", "public URL of Holdfast")
	control := flag.String("control", "http://127.0.0.1:5561", "URL of Holdfast's control endpoint")
	flag.Parse()

	fmt.Printf("Open %s/ with `holdfast serve --origin http://%s` running beside.\n", *site, *listen)
	log.Fatal(http.ListenAndServe(*listen, newAPI(*site, *holdfast, *control).routes()))
}
