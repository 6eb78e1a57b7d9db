# Holdfast. `make` or `make help` lists the targets.

GO       ?= go
FUZZTIME ?= 20s
BENCH    ?= .
ROUNDS   ?= 5
CORES    ?= 1
RESULTS  ?= docs/benchmarks
CLIENTS  = internal/clienttest/testdata/clients
PEERS    = nginx libnginx-mod-nchan pushpin
CHROMIUMS = chromium chromium-browser google-chrome google-chrome-stable chrome
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help run build test test-security clients race soak lint fmt vet cross staticcheck govulncheck fuzz bench bench-peers

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

run: build ## build, then start the demo: proxy, control endpoint and a small origin
	./bin/holdfast demo

build: ## build bin/holdfast, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/holdfast ./cmd/holdfast

test: ## run the whole suite (needs Go, make and git)
	CGO_ENABLED=0 $(GO) test ./...
	@for name in $(CHROMIUM) $(CHROMIUMS); do command -v $$name >/dev/null && exit 0; done; \
	echo "browser tests SKIPPED: no Chromium found; install one or set CHROMIUM to its path"
	@test -d $(CLIENTS)/node_modules || echo "tests with published clients SKIPPED: install them with make clients"
	@test -d $(CLIENTS)/venv || echo "tests with gripcontrol SKIPPED: install it with make clients"

# A package is tested at a time, with what the page names of it.
test-security: ## run the tests that prove docs/security.md
	@grep -oE '`[a-z/]+\.(Test|Fuzz)[A-Za-z0-9_]+`' docs/security.md | tr -d '`' | sort -u | \
	awk -F. '{ names[$$1] = names[$$1] "|" $$2 } END { for (p in names) print p, substr(names[p], 2) }' | sort | \
	while read -r package names; do \
		$(GO) test -count=1 -run "^($$names)\$$" "./$$package" || exit 1; \
	done

clients: ## install the published clients that the suite is run with (needs Node.js 18 and npm; for one of them Python 3 with venv)
	npm ci --prefix $(CLIENTS) --ignore-scripts --no-audit --no-fund
	@python3 -m venv $(CLIENTS)/venv && $(CLIENTS)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $(CLIENTS)/requirements.txt || \
	{ rm -rf $(CLIENTS)/venv; echo "gripcontrol is NOT installed, its tests are skipped: it needs Python 3 with venv, and pip"; }

race: ## run the whole suite under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...

soak: ## kill or stop nodes of a cluster under load, thirty times, and cut nodes off, twelve times
	$(GO) test ./cmd/holdfast -run 'TestClusterLosesNothing|TestACutNetworkLosesNothing' -v -timeout 1h -cluster.kills 30 -cluster.clients 300 -cluster.cuts 12

lint: fmt vet cross staticcheck govulncheck ## fail on unformatted code and on what the linters find

fmt:
	@drift=$$(gofmt -l .) && if [ -n "$$drift" ]; then echo "not formatted, run gofmt -w on:"; echo "$$drift"; exit 1; fi

vet:
	$(GO) vet ./...

cross: # everything but the event loops is for all systems
	@for os in darwin windows; do GOOS=$$os $(GO) build ./... || exit 1; done

staticcheck:
	$(GO) tool staticcheck ./...

# The database of known vulnerabilities is on the network. Not reaching it is
# not a finding, so it is said and passed over; whatever else govulncheck says
# counts.
govulncheck:
	@out=$$($(GO) tool govulncheck ./... 2>&1); code=$$?; echo "$$out"; \
	if [ $$code -ne 0 ] && echo "$$out" | grep -q 'fetching vulnerabilities:'; then \
		echo "govulncheck SKIPPED: its database cannot be reached from here"; exit 0; \
	fi; exit $$code

fuzz: ## run every fuzz target for FUZZTIME each (default 20s)
	@grep -rE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' . | \
	sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort | \
	while read -r dir target; do \
		echo "== $$dir $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$dir" || exit 1; \
	done

bench: ## run the Go benchmarks that match BENCH (default all)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

# Debian's packages of the servers to compare with, and no recommended ones. They
# are started by the comparison alone: RUNLEVEL=1 keeps them from starting now.
bench-peers: build ## measure Nchan and Pushpin beside Holdfast (installs them on Debian, half an hour)
	@dpkg -s $(PEERS) >/dev/null 2>&1 || { apt-get update && \
		RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $(PEERS); }
	./bin/holdfast bench peers --rounds $(ROUNDS) --cores $(CORES) > bin/benchmarks.json
	./bin/holdfast bench page bin/benchmarks.json > $(RESULTS).md
	mv bin/benchmarks.json $(RESULTS).json
