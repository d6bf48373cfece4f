# The commands of this repository. `make` alone lists them.
#
# What the tests and linters need is put into .tools/ (never committed). `make test` works on a machine that has nothing but
# Go: what cannot be set up there is skipped with a prominent warning. With CI set, nothing may be skipped.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

TOOLS  := $(CURDIR)/.tools
PYTHON ?= python3
ARGS   ?=

# Pinned, so that a lint run today and one in a year say the same about the same code.
GOFUMPT_VERSION     := v0.12.0
GOLANGCI_VERSION    := v2.15.0
GOVULNCHECK_VERSION := v1.9.0
DEADCODE_VERSION    := v0.52.0
CYCLONEDX_VERSION   := v1.9.0
OAPI_CODEGEN_VERSION := v2.8.2
CYCLONEDX_NPM_VERSION := 4.1.1

FUNCTIONS := $(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go))

# One build cache key for everything, wherever the tree stands: without the folder's name, a build or test in another folder is
# not made again.
# Nor do tests, tools and linters compile what the programs are built of once more: all of them leave out what the programs do (cgo, and
# HTTP/2, which nothing that they call needs). Only the race detector needs cgo.
export GOFLAGS := $(strip $(GOFLAGS) $(if $(findstring -trimpath,$(GOFLAGS)),,-trimpath) $(if $(findstring -tags,$(GOFLAGS)),,-tags=nethttpomithttp2))
export CGO_ENABLED := 0

# How every function is built, here and by SAM: static, small, and the same bytes on every machine.
# What waits for a network or a store, and texts of languages, is not inlined into each other: that is a twelfth of a function's size.
# Without HTTP/2 they are a quarter of a megabyte smaller.
FUNCTION_TAGS := lambda.norpc,nethttpomithttp2
NOT_INLINED := $(foreach packages,github.com/... go.yaml.in/... golang.org/x/oauth2/... net/... mime/... html/... text/template/... encoding/xml encoding/asn1 crypto/tls crypto/x509 regexp/syntax golang.org/x/text/... log/slog/... math/big fmt os/... internal/poll vendor/golang.org/x/... ballerine/internal/httpapi/... ballerine/internal/store/... ballerine/internal/app/... ballerine/internal/registry/... ballerine/internal/backoffice/... ballerine/internal/calendar/... ballerine/internal/cases/... ballerine/internal/connector/... ballerine/internal/identity/... ballerine/internal/importing/... ballerine/internal/keyring/... ballerine/internal/outbound/... ballerine/internal/outbox/... ballerine/internal/docscan/... ballerine/internal/ratelimit/... ballerine/internal/idempotency ballerine/internal/telemetry/... ballerine/internal/policy/lists ballerine/internal/policy/backtest vendor/... text/tabwriter compress/... ballerine/internal/policy/backtest/... ballerine/internal/policy/ledger/... ballerine/internal/policy/trial/... ballerine/internal/telemetry/... ballerine/internal/csvfile/... ballerine/internal/linediff/... ballerine/internal/idempotency/... ballerine/internal/source/... ballerine/internal/task/... ballerine/internal/webhook/... ballerine/internal/workflow/... ballerine/internal/watched ballerine/internal/problem ballerine/internal/text time crypto/internal/fips140/... crypto/ecdsa crypto/rsa crypto/internal/hpke crypto/ecdh archive/... encoding/base64 encoding/csv encoding/pem path/... mime ballerine/internal/asl/compile ballerine/internal/cache ballerine/internal/fair ballerine/internal/country ballerine/internal/watchlists/... ballerine/internal/rescreening/... ballerine/internal/statechart ballerine/internal/schemafault ballerine/internal/expr/... ballerine/internal/policy/... ballerine/internal/ownership/... sort crypto/... context errors encoding/hex encoding/base32 encoding/binary bufio io/... hash/... log unique syscall internal/bisect internal/godebug internal/syscall/... internal/reflectlite ballerine/functions/... ballerine/statemachines golang.org/x/sync/... golang.org/x/exp/... debug/... encoding/json regexp container/list math/rand/... internal/saferio internal/filepathlite internal/fmtsort internal/nettrace internal/oserror database/... reflect ballerine/internal/ids ballerine/internal/flow ballerine/internal/flow/...,-gcflags='$(packages)=-l')
BUILD_FUNCTION := GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -tags $(FUNCTION_TAGS) -trimpath -buildvcs=false $(NOT_INLINED) -ldflags='-s -w -buildid='

##@ Use

.PHONY: help
help: ## List these commands
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z][a-z-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: ## The whole system on this machine; ARGS="--addr 127.0.0.1:0 --data DIR --json"
	@if ! $(HAVE_NODE); then \
	  echo 'Node.js 20.19 or newer with npm is missing, so there is no dashboard; the API is served all the same.' >&2; \
	elif ! $(MAKE) -s --no-print-directory $(DASHBOARD) >&2; then \
	  echo 'The dashboard could not be built (the reason is above); the API is served all the same.' >&2; fi
	@test -x bin/ballerine || echo 'building bin/ballerine (go build): the first time this takes some minutes' >&2
	@$(MAKE) --no-print-directory bin/ballerine
	@exec bin/ballerine dev --seed $(ARGS)

.PHONY: bin/ballerine
bin/ballerine:
	@go build -o $@ ./cmd/ballerine

# The dashboard and the applicants' pages stand inside the program, so they are built before the program.
HAVE_NODE   := { command -v npm && node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; } >/dev/null 2>&1
DASHBOARD   := web/dashboard/dist/index.html web/flow/dist/index.html
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -not -path '*/e2e/*' -print)

.PHONY: web
web: ## Build the dashboard and the applicants' pages into web/dashboard/dist and web/flow/dist; needs Node.js 20.19 or newer
	@$(HAVE_NODE) || { echo 'Node.js 20.19 or newer with npm is needed to build the dashboard.' >&2; exit 1; }
	@$(MAKE) -s --no-print-directory $(DASHBOARD)

$(DASHBOARD) &: $(WEB_SOURCES) web/node_modules/.package-lock.json
	@echo "building the dashboard and the applicants' pages"; npm run --silent build --prefix web

##@ Test

# The race detector needs cgo, and so a C compiler; nothing that ships does.
RACE = $(if $(shell command -v $$(go env CC)),-race)

# The pages are built first, for they are inside the program that the other tests build. Then the dashboard is tested beside
# the Go packages: a browser's tests mostly wait. They come first at the processor, for what people wait for has a limit, and Go's tests take what is left.
.PHONY: test
test: setup ## Set up what the tests need, then run them all: Go with the race detector, the dashboard, a browser
	@if $(HAVE_NODE); then $(MAKE) --no-print-directory web; fi
	@$(MAKE) --no-print-directory --jobs=2 test-go test-dashboard

# The race detector looks at packages in which something can run at the same time: whose code or tests start goroutines, run in parallel or
# lock. Those below it looks at in `make test-race` only, for it makes them several times as slow. Some run thousands of random cases of code without
# shared state; others make one call after the other (every failure of every store; what cases cost; the demo; the command line), and what they call, other
# packages' tests call with the race detector, also concurrently; e2e runs the built programs, which the race detector is not in.
PURE       := internal/asl/proof internal/asl/crosscheck internal/statechart/peers internal/policy/rules internal/policy/rules/peers internal/policy/table internal/policy/tablefile/xlsx \
              internal/screening/names internal/docscan internal/docscan/zone internal/mrz internal/demo/specimen
SEQUENTIAL := internal/httpapi/faults internal/cost internal/store/dynamo/metered internal/demo cmd/ballerine e2e
CONCURRENT  = $(filter-out $(PURE) $(SEQUENTIAL),$(shell grep -rlE '^[[:space:]]*go [a-zA-Z]|"sync"|"sync/atomic"|"testing/synctest"|t\.Parallel' --include='*.go' --exclude-dir=testdata client cmd docs e2e functions infra internal tools | xargs -n 1 dirname | sort -u))

.PHONY: test-go
test-go: setup
ifneq ($(RACE),)
	CGO_ENABLED=1 nice go test -race -timeout 25m $(ARGS) $(addprefix ./,$(CONCURRENT))
	nice go test -timeout 15m $(ARGS) $$(go list ./... | grep -vxE 'ballerine/($(subst $(eval ) ,|,$(strip $(CONCURRENT))))')
else
	nice go test -timeout 25m $(ARGS) ./...
endif

.PHONY: test-race
test-race: setup ## Run all Go tests with the race detector, those that `make test` runs without it too
	$(if $(RACE),CGO_ENABLED=1) go test $(RACE) -timeout 30m $(ARGS) ./...

.PHONY: test-dashboard
test-dashboard: # one after the other, also within a parallel make
	@$(MAKE) --no-print-directory --jobs=1 test-web
	@$(MAKE) --no-print-directory --jobs=1 test-browser

.PHONY: test-web
test-web: ## Check types, style and logic of the dashboard, the applicants' pages, the SDK and the TypeScript client, build them, hold sizes to their budgets
	@if ! $(HAVE_NODE); then $(call skipped,Node.js 20.19 or newer is not here: the dashboard is neither checked nor built.); \
	else $(MAKE) --no-print-directory web/node_modules/.package-lock.json; \
	  npm run --silent check --prefix web && npm test --silent --prefix web && $(MAKE) --no-print-directory web; fi

# The browser's tests use the program as people do: built, with its pages inside.
CHROMIUM ?= $(shell command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: test-browser
test-browser: ## Use the dashboard and the applicants' pages in headless Chromium, and the SDK from Node.js, one test for each behaviour
	@if ! $(HAVE_NODE); then $(call skipped,Node.js 20.19 or newer is not installed: the dashboard is not tested in a browser.); \
	elif [[ -z "$(CHROMIUM)" ]]; then $(call skipped,Chromium is not installed: the dashboard is not tested in a browser.); \
	else $(MAKE) --no-print-directory web bin/ballerine; CHROMIUM="$(CHROMIUM)" npm run --silent e2e --prefix web; fi

.PHONY: prove
prove: setup-node setup-python ## Check 10,000 random charts against the compiled machines, and against XState, 300 machines against another interpreter, who may do what over HTTP against the rules written once more; failures are kept below testdata/rapid
	go test ./internal/asl/proof ./internal/statechart/peers -v -timeout 1h -rapid.checks=10000
	BALLERINE_NIGHTLY=1 go test ./internal/asl/crosscheck -v -run TakeACase
	go test ./internal/httpapi/proof -v -timeout 1h -rapid.checks=2000
	go test ./internal/cases -v -timeout 1h -rapid.checks=1000

.PHONY: chaos
chaos: ## Take 500 cases through faults and outages of every part, in simulated hours: each ends once, and each outage has its alarm; CASES=N
	BALLERINE_CHAOS=$(or $(CASES),500) go test ./e2e -v -timeout 1h -run 'EveryCaseEndsOnceInAStorm|NoAlarmIsOnWhileNothingFails'

.PHONY: test-short
test-short: ## Run the tests without setting anything up and without the race detector
	go test -short $(ARGS) ./...

.PHONY: setup
setup: setup-node setup-python setup-java ## Set up the second opinions of the tests: Node, Python and Java programs in .tools/
	@[[ -n "$(RACE)" ]] || { $(call skipped,no C compiler is here: the tests run without the race detector.); }

# skipped reports what a machine cannot do; if CI is set that is a failure, because a check that did not run has not passed.
define skipped
printf '\n  ******************************************************************\n  ** SKIPPED: %s\n  ******************************************************************\n\n' '$(1)' >&2; [[ -z "$${CI:-}" ]] || exit 1
endef

VALIDATORS := internal/asl/validators
PEERS      := internal/statechart/peers
ENGINES    := internal/policy/rules/peers
IAM        := infra/iam

.PHONY: setup-node
setup-node:
	@if ! command -v npm >/dev/null; then \
	  $(call skipped,Node.js is not installed: two schema validators do not check the compiled machines, XState and json-logic-js are not compared, and the roles of the functions are not evaluated.); \
	else $(MAKE) --no-print-directory $(VALIDATORS)/node_modules/.package-lock.json $(PEERS)/node_modules/.package-lock.json $(ENGINES)/node_modules/.package-lock.json $(IAM)/node_modules/.package-lock.json; fi

# npm writes this file last, so that it stands for the whole installation.
%/node_modules/.package-lock.json: %/package-lock.json
	@echo "installing the $$(grep -c '"node_modules/' $<) npm packages of $* (npm ci): the first time this takes a minute or more"; npm ci --silent --no-audit --no-fund --prefix $* && touch $@

# Not every registry has the binaries for every other platform that the lock names, and npm ci then installs nothing.
$(ENGINES)/node_modules/.package-lock.json: $(ENGINES)/package.json
	@echo "setting up $(ENGINES)"; npm install --no-save --silent --no-audit --no-fund --prefix $(ENGINES) && touch $@

CROSSCHECK := internal/asl/crosscheck/requirements.txt

.PHONY: setup-python
setup-python:
	@if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
	  $(call skipped,Python 3 with venv is not here: no second interpreter will run the compiled machines, and no Python client will be made.); \
	else $(MAKE) --no-print-directory $(TOOLS)/asl-venv/.ready $(TOOLS)/clients-venv/.ready; fi

$(TOOLS)/asl-venv/.ready: $(CROSSCHECK)
$(TOOLS)/clients-venv/.ready: e2e/python/requirements.txt
$(TOOLS)/%-venv/.ready:
	@echo "setting up $(@D)"; mkdir -p $(TOOLS); [[ -x $(@D)/bin/python ]] || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $< && touch $@

DYNAMO_POM := $(wildcard internal/store/dynamo/dynamolocal/pom.xml)

.PHONY: setup-java
setup-java:
	@if [[ -z "$(DYNAMO_POM)" ]]; then :; \
	elif ! command -v java >/dev/null || ! command -v mvn >/dev/null; then \
	  $(call skipped,Java or Maven is not here: the DynamoDB adapter will not be tested against DynamoDB Local.); \
	else $(MAKE) --no-print-directory $(TOOLS)/dynamodb-local/.ready; fi

$(TOOLS)/dynamodb-local/.ready: $(DYNAMO_POM)
	@echo "setting up $(@D)"; rm -rf $(@D); mkdir -p $(@D)
	@mvn -q -B -f $< org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(@D) && touch $@

.PHONY: bench
bench: bin/ballerine setup-node ## Measure, on this machine: expressions, charts, rules, the store, the whole system, and peers
	go test -run '^$$' -bench . -benchmem ./internal/expr ./internal/statechart ./internal/asl/compile ./internal/policy/... ./internal/store/embedded
	bin/ballerine bench
	bin/ballerine bench --policies
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(PEERS)/node_modules/.package-lock.json $(ENGINES)/node_modules/.package-lock.json && \
	  node $(PEERS)/measure.mjs | tail -n 1 && node $(ENGINES)/measure.mjs; fi

##@ Check

.PHONY: lint
lint: lint-format lint-go lint-dead lint-tidy lint-api lint-vulnerabilities ## Formatting, vet, staticcheck, golangci-lint, dead code, modules, the OpenAPI document, known vulnerabilities

.PHONY: lint-format
lint-format: tools
	@files=$$(git ls-files -z -co --exclude-standard '*.go' | xargs -0 $(TOOLS)/bin/gofumpt -l); \
	  [[ -z "$$files" ]] || { printf 'not formatted (make fmt):\n%s\n' "$$files" >&2; exit 1; }

.PHONY: lint-go
lint-go: tools # with govet among the linters
	$(TOOLS)/bin/golangci-lint run ./...

# What no program reaches goes, or moves to the tests that need it; what no test reaches either goes.
.PHONY: lint-dead
lint-dead: tools
	@report='{{$$package := .Path}}{{range .Funcs}}{{printf "%s: nothing calls %s.%s" .Position $$package .Name | println}}{{end}}'; \
	dead=$$($(TOOLS)/bin/deadcode -tags $(FUNCTION_TAGS) -f "$$report" ./cmd/... ./functions/... ./tools/mrztrain | sed 's/nothing calls/no program calls/' && \
	  $(TOOLS)/bin/deadcode -tags $(FUNCTION_TAGS) -test -f "$$report" ./...); \
	[[ -z "$$dead" ]] || { printf '%s\n' "$$dead" >&2; exit 1; }

APILINT := infra/apilint

.PHONY: lint-api
lint-api:
	@if ! $(HAVE_NODE); then $(call skipped,Node.js 20.19 or newer is not installed: the OpenAPI document is not linted.); \
	else $(MAKE) --no-print-directory $(APILINT)/node_modules/.package-lock.json; node $(APILINT)/lint.mjs; fi

.PHONY: lint-tidy
lint-tidy:
	go mod tidy -diff
	go mod verify >/dev/null

# The database of vulnerabilities is on the network. That it cannot be reached says nothing about this code, so that alone
# does not fail the build; a vulnerability does, and so does any other error. GOVULNDB=file:///folder uses a copy of it.
.PHONY: lint-vulnerabilities
lint-vulnerabilities: tools
	@out=$$($(TOOLS)/bin/govulncheck $(if $(GOVULNDB),-db $(GOVULNDB)) ./... 2>&1) && code=0 || code=$$?; printf '%s\n' "$$out"; \
	  if [[ $$code -ne 0 ]] && grep -qE 'vuln\.go\.dev.*(dial|lookup|timeout|refused|unreachable|reset|EOF|Forbidden|Bad Gateway|proxyconnect)|(dial tcp|no such host).*vuln\.go\.dev' <<<"$$out"; then \
	    printf '\n  ** SKIPPED: the vulnerability database cannot be reached from here; nothing was checked **\n\n' >&2; code=0; fi; \
	  exit $$code

.PHONY: fmt
fmt: tools ## Format all Go files
	git ls-files -z -co --exclude-standard '*.go' | xargs -0 $(TOOLS)/bin/gofumpt -w

.PHONY: tools
tools: $(TOOLS)/bin/gofumpt-$(GOFUMPT_VERSION) $(TOOLS)/bin/golangci-lint-$(GOLANGCI_VERSION) $(TOOLS)/bin/govulncheck-$(GOVULNCHECK_VERSION) $(TOOLS)/bin/deadcode-$(DEADCODE_VERSION)

$(TOOLS)/bin/gofumpt-$(GOFUMPT_VERSION):
	@echo "installing gofumpt"; GOBIN=$(TOOLS)/bin go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION) && touch $@
$(TOOLS)/bin/golangci-lint-$(GOLANGCI_VERSION):
	@echo "installing golangci-lint"; GOBIN=$(TOOLS)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION) && touch $@
$(TOOLS)/bin/govulncheck-$(GOVULNCHECK_VERSION):
	@echo "installing govulncheck"; GOBIN=$(TOOLS)/bin go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) && touch $@
$(TOOLS)/bin/deadcode-$(DEADCODE_VERSION):
	@echo "installing deadcode"; GOBIN=$(TOOLS)/bin go install golang.org/x/tools/cmd/deadcode@$(DEADCODE_VERSION) && touch $@

# Every package whose tests keep golden files has the flag -update: compiled machines, the OpenAPI document, reports.
.PHONY: generate
generate: ## Regenerate all generated files: compiled machines, the OpenAPI document, the clients, golden files
	@packages=$$(git grep -l --untracked 'flag.Bool("update"' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|'); \
	  for package in $$packages; do echo "generate $$package"; go test -count=1 "$$package" -update >/dev/null || { echo "failed: $$package" >&2; exit 1; }; done
	@$(MAKE) --no-print-directory client/api.gen.go
	@if ! $(HAVE_NODE); then $(call skipped,Node.js 20.19 or newer is not here: the types of the TypeScript client are left as they are.); \
	else $(MAKE) --no-print-directory web/node_modules/.package-lock.json; echo 'generate web/client/src/schema.ts and web/sdk/src/schema.ts'; npm run --silent types --prefix web >/dev/null; fi

# The Go client, from the document that was made just before.
.PHONY: client/api.gen.go
client/api.gen.go: $(TOOLS)/bin/oapi-codegen-$(OAPI_CODEGEN_VERSION)
	@echo 'generate ./client'; $(TOOLS)/bin/oapi-codegen -config client/generator/config.yaml infra/openapi.yaml

$(TOOLS)/bin/oapi-codegen-$(OAPI_CODEGEN_VERSION):
	@echo "installing oapi-codegen"; GOBIN=$(TOOLS)/bin go install github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@$(OAPI_CODEGEN_VERSION) && touch $@

.PHONY: check-generated
check-generated: generate ## Fail when a generated file is not what its source makes of it
	@git diff --exit-code
	@new=$$(git ls-files --others --exclude-standard); [[ -z "$$new" ]] || { printf 'generated, not committed:\n%s\n' "$$new" >&2; exit 1; }

.PHONY: sam-check
sam-check: $(TOOLS)/asl-venv/.ready ## Validate the templates as SAM, CloudFormation and a security linter read them
	@tools/sam-check

.PHONY: stack-limits
stack-limits: ## Write what the templates use of AWS's limits into docs/reference/aws-limits.md
	@tools/sam-check --write-limits

##@ Ship

.PHONY: build
build: ## Build every Lambda function into build/<name>/bootstrap
	@[[ -n "$(FUNCTIONS)" ]] || { echo 'no functions/*/main.go to build' >&2; exit 1; }
	@for name in $(FUNCTIONS); do mkdir -p build/$$name; $(BUILD_FUNCTION) -o build/$$name/bootstrap ./functions/$$name; echo "build/$$name/bootstrap"; done

# `sam build` calls build-<LogicalId> with ARTIFACTS_DIR (BuildMethod: makefile).
define sam_function
.PHONY: build-$(1)
build-$(1):
	$$(BUILD_FUNCTION) -o $$(ARTIFACTS_DIR)/bootstrap ./functions/$(2)
endef
$(eval $(call sam_function,ClientApiFunction,clientapi))
$(eval $(call sam_function,ReviewApiFunction,reviewapi))
$(eval $(call sam_function,AdminApiFunction,adminapi))
$(eval $(call sam_function,FlowApiFunction,flowapi))
$(eval $(call sam_function,HooksFunction,hooks))
$(eval $(call sam_function,AuthorizerFunction,authorizer))
$(eval $(call sam_function,StepFunction,step))
$(eval $(call sam_function,RulesFunction,rules))
$(eval $(call sam_function,VendorFunction,vendor))
$(eval $(call sam_function,DocumentFunction,document))
$(eval $(call sam_function,ChildrenFunction,children))
$(eval $(call sam_function,ScreeningFunction,screening))
$(eval $(call sam_function,BacktestFunction,backtest))
$(eval $(call sam_function,DispatchFunction,dispatch))
$(eval $(call sam_function,DeliverFunction,deliver))
$(eval $(call sam_function,SweepFunction,sweep))

.PHONY: sbom
sbom: $(TOOLS)/bin/cyclonedx-gomod-$(CYCLONEDX_VERSION) web/node_modules/.package-lock.json ## List what is inside each program, the dashboard and the applicants' pages, as CycloneDX, in build/sbom/
	@mkdir -p build/sbom
	@for name in $(FUNCTIONS); do GOOS=linux GOARCH=arm64 CGO_ENABLED=0 GOFLAGS='$(GOFLAGS) -tags=$(FUNCTION_TAGS)' $(TOOLS)/bin/cyclonedx-gomod app -json -licenses -noserial -output build/sbom/$$name.cdx.json -main functions/$$name . 2>build/sbom/log || { cat build/sbom/log >&2; exit 1; }; done
	@CGO_ENABLED=0 $(TOOLS)/bin/cyclonedx-gomod app -json -licenses -noserial -output build/sbom/ballerine.cdx.json -main cmd/ballerine . 2>build/sbom/log || { cat build/sbom/log >&2; exit 1; }; rm build/sbom/log
	@cd web && for pages in dashboard flow; do npx --yes @cyclonedx/cyclonedx-npm@$(CYCLONEDX_NPM_VERSION) --workspace $$pages --omit dev --output-reproducible --output-file ../build/sbom/$$pages.cdx.json package.json; done
	@ls build/sbom/*.cdx.json

$(TOOLS)/bin/cyclonedx-gomod-$(CYCLONEDX_VERSION):
	@echo "installing cyclonedx-gomod"; GOBIN=$(TOOLS)/bin go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION) && touch $@

# What a release consists of. The release workflow signs SHA256SUMS, and so everything in it.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64

.PHONY: release
release: web build sbom ## Build everything that a release has into build/release/, with its check sums
	@rm -rf build/release && mkdir -p build/release
	@for platform in $(PLATFORMS); do os=$${platform%/*} arch=$${platform#*/}; suffix=$$([[ $$os == windows ]] && echo .exe || true); \
	  echo "build/release/ballerine-$$os-$$arch$$suffix"; \
	  GOOS=$$os GOARCH=$$arch CGO_ENABLED=0 go build -trimpath -ldflags='-s -w -buildid=' -o build/release/ballerine-$$os-$$arch$$suffix ./cmd/ballerine; done
	@tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -czf build/release/functions-linux-arm64.tar.gz -C build $(addsuffix /bootstrap,$(FUNCTIONS))
	@tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -czf build/release/dashboard.tar.gz -C web/dashboard/dist --exclude=.keep .
	@tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -czf build/release/flow.tar.gz -C web/flow/dist --exclude=.keep .
	@tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -czf build/release/sbom.tar.gz -C build/sbom .
	@cp LICENSE NOTICE THIRD_PARTY_NOTICES.md build/release/
	@cd build/release && sha256sum * >SHA256SUMS && cat SHA256SUMS

# Everything of a deployment, in one pass. preflight asks AWS what would go wrong in the middle of it, before anything is changed.
.PHONY: deploy
deploy: ## Deploy a stack and its dashboard: ENV=dev or another of samconfig.toml; needs the SAM and AWS CLIs, Node.js, jq, Go, credentials
	@[[ -n "$(ENV)" ]] || { echo 'which environment of samconfig.toml? make deploy ENV=<name>' >&2; exit 1; }
	@$(MAKE) --no-print-directory web
	sam build --parallel
	go run ./tools/preflight --out build/samconfig.toml "$(ENV)"
	sam deploy --config-file "$(CURDIR)/build/samconfig.toml" --config-env "$(ENV)" --no-fail-on-empty-changeset $(ARGS)
	@read -r stack region < <(go run ./tools/preflight --stack "$(ENV)"); export AWS_REGION=$$region; tools/deploy-dashboard "$$stack"; \
	  for output in DashboardUrl ApiUrl; do \
	    go run ./cmd/ballerine doctor --endpoint "$$(aws cloudformation describe-stacks --stack-name "$$stack" --query "Stacks[0].Outputs[?OutputKey=='$$output'].OutputValue" --output text)"; done

.PHONY: deploy-dashboard
deploy-dashboard: web ## Put the dashboard's pages where a deployed stack serves them; STACK=name, needs the AWS CLI, jq and Go
	@[[ -n "$(STACK)" ]] || { echo 'which one? make deploy-dashboard STACK=<name>' >&2; exit 1; }
	@tools/deploy-dashboard "$(STACK)"

##@ Clean

.PHONY: clean
clean: ## Remove what was built; local data (.ballerine) and tools (.tools) stay
	rm -rf bin build .aws-sam web/client/dist web/sdk/dist
	find web/dashboard/dist web/flow/dist -mindepth 1 -not -name .keep -delete

.PHONY: clean-all
clean-all: clean ## Remove the tools as well
	rm -rf $(TOOLS) $(VALIDATORS)/node_modules $(PEERS)/node_modules $(APILINT)/node_modules $(IAM)/node_modules web/node_modules
