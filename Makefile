# The commands of this repository. `make` alone lists them.
#
# What the tests and linters need is put into .tools/ (never committed). `make test` works on a machine that has nothing but
# Go: what cannot be set up there is skipped, and said so loudly. With CI set, nothing may be skipped.

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

FUNCTIONS := $(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go))

# How every function is built, here and by SAM: static, small, and the same bytes on every machine.
BUILD_FUNCTION := GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -buildvcs=false -ldflags='-s -w -buildid='

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
	@$(MAKE) --no-print-directory bin/ballerine
	@exec bin/ballerine dev --seed $(ARGS)

.PHONY: bin/ballerine
bin/ballerine:
	@CGO_ENABLED=0 go build -trimpath -o $@ ./cmd/ballerine

# The dashboard's pages stand inside the program, so it is built before the program.
HAVE_NODE   := { command -v npm && node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; } >/dev/null 2>&1
DASHBOARD   := web/dashboard/dist/index.html
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -not -path '*/e2e/*' -print)

.PHONY: web
web: ## Build the dashboard into web/dashboard/dist; needs Node.js 20.19 or newer
	@$(HAVE_NODE) || { echo 'Node.js 20.19 or newer with npm is needed to build the dashboard.' >&2; exit 1; }
	@$(MAKE) -s --no-print-directory $(DASHBOARD)

$(DASHBOARD): $(WEB_SOURCES) web/node_modules/.package-lock.json
	@echo 'building the dashboard'; npm run --silent build --prefix web

##@ Test

# The race detector needs cgo, and so a C compiler; nothing that ships does.
RACE = $(if $(shell command -v $$(go env CC)),-race)

.PHONY: test
test: setup test-go test-web test-browser ## Set up what the tests need, then run them all: Go with the race detector, the dashboard, a browser

.PHONY: test-go
test-go: setup
	go test $(RACE) -timeout 15m $(ARGS) ./...

.PHONY: test-web
test-web: ## Check the dashboard's types, style and logic, build it, hold its size to the budget
	@if ! $(HAVE_NODE); then $(call skipped,Node.js 20.19 or newer is not here: the dashboard is neither checked nor built.); \
	else $(MAKE) --no-print-directory web/node_modules/.package-lock.json; \
	  npm run --silent check --prefix web && npm test --silent --prefix web && $(MAKE) --no-print-directory web; fi

# The browser's tests use the program as people do: built, with its pages inside.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: test-browser
test-browser: ## Use the dashboard in headless Chromium, one test for each behaviour
	@if ! $(HAVE_NODE); then $(call skipped,Node.js 20.19 or newer is not here: nobody tries the dashboard in a browser.); \
	elif [[ -z "$(CHROMIUM)" ]]; then $(call skipped,Chromium is not here: nobody tries the dashboard in a browser.); \
	else $(MAKE) --no-print-directory web bin/ballerine; CHROMIUM="$(CHROMIUM)" npm run --silent e2e --prefix web; fi

.PHONY: prove
prove: setup-node setup-python ## Hold 10,000 random charts against the compiled machines, and against XState, 300 machines against another interpreter; failures are kept below testdata/rapid
	go test ./internal/asl/proof ./internal/statechart/peers -v -timeout 1h -rapid.checks=10000
	BALLERINE_NIGHTLY=1 go test ./internal/asl/crosscheck -v -run TakeACase

.PHONY: test-short
test-short: ## Run the tests without setting anything up and without the race detector
	go test -short $(ARGS) ./...

.PHONY: setup
setup: setup-node setup-python setup-java ## Set up the second opinions of the tests: Node, Python and Java programs in .tools/
	@[[ -n "$(RACE)" ]] || { $(call skipped,no C compiler is here: the tests run without the race detector.); }

# skipped says what a machine cannot do; where CI is set that is a failure, for a check that nobody ran has not passed.
define skipped
printf '\n  ******************************************************************\n  ** SKIPPED: %s\n  ******************************************************************\n\n' '$(1)' >&2; [[ -z "$${CI:-}" ]] || exit 1
endef

VALIDATORS := internal/asl/validators
PEERS      := internal/statechart/peers
ENGINES    := internal/rules/peers

.PHONY: setup-node
setup-node:
	@if ! command -v npm >/dev/null; then \
	  $(call skipped,Node.js is not here: two schema validators will not look at the compiled machines, and XState will not be compared.); \
	else $(MAKE) --no-print-directory $(VALIDATORS)/node_modules/.package-lock.json $(PEERS)/node_modules/.package-lock.json; fi

# npm writes this file last, so that it stands for the whole installation.
%/node_modules/.package-lock.json: %/package-lock.json
	@echo "setting up $*"; npm ci --silent --no-audit --no-fund --prefix $* && touch $@

# Not every registry has the binaries for every other platform that the lock names, and npm ci then installs nothing.
$(ENGINES)/node_modules/.package-lock.json: $(ENGINES)/package.json
	@echo "setting up $(ENGINES)"; npm install --no-save --silent --no-audit --no-fund --prefix $(ENGINES) && touch $@

CROSSCHECK := internal/asl/crosscheck/requirements.txt

.PHONY: setup-python
setup-python:
	@if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
	  $(call skipped,Python 3 with venv is not here: no second interpreter will run the compiled machines.); \
	else $(MAKE) --no-print-directory $(TOOLS)/asl-venv/.ready; fi

$(TOOLS)/asl-venv/.ready: $(CROSSCHECK)
	@echo "setting up $(TOOLS)/asl-venv"; mkdir -p $(TOOLS); [[ -x $(@D)/bin/python ]] || $(PYTHON) -m venv $(@D)
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
	go test -run '^$$' -bench . -benchmem ./internal/expr ./internal/statechart ./internal/asl ./internal/rules/... ./internal/store/embedded
	bin/ballerine bench
	bin/ballerine bench --policies
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(PEERS)/node_modules/.package-lock.json $(ENGINES)/node_modules/.package-lock.json && \
	  node $(PEERS)/measure.mjs | tail -n 1 && node $(ENGINES)/measure.mjs; fi

##@ Check

.PHONY: lint
lint: lint-format lint-go lint-tidy lint-vulnerabilities ## Formatting, vet, staticcheck, golangci-lint, modules, known vulnerabilities

.PHONY: lint-format
lint-format: tools
	@files=$$(git ls-files -z -co --exclude-standard '*.go' | xargs -0 $(TOOLS)/bin/gofumpt -l); \
	  [[ -z "$$files" ]] || { printf 'not formatted (make fmt):\n%s\n' "$$files" >&2; exit 1; }

.PHONY: lint-go
lint-go: tools
	go vet ./...
	$(TOOLS)/bin/golangci-lint run ./...

.PHONY: lint-tidy
lint-tidy:
	go mod tidy -diff
	go mod verify >/dev/null

# The database of vulnerabilities is on the network. That it cannot be reached says nothing about this code, so that alone
# does not fail the build; a vulnerability does, and so does any other error.
.PHONY: lint-vulnerabilities
lint-vulnerabilities: tools
	@out=$$($(TOOLS)/bin/govulncheck ./... 2>&1) && code=0 || code=$$?; printf '%s\n' "$$out"; \
	  if [[ $$code -ne 0 ]] && grep -qE 'vuln\.go\.dev.*(dial|lookup|timeout|refused|unreachable|reset|EOF|Forbidden|Bad Gateway|proxyconnect)|(dial tcp|no such host).*vuln\.go\.dev' <<<"$$out"; then \
	    printf '\n  ** SKIPPED: the vulnerability database cannot be reached from here; nothing was checked **\n\n' >&2; code=0; fi; \
	  exit $$code

.PHONY: fmt
fmt: tools ## Format all Go files
	git ls-files -z -co --exclude-standard '*.go' | xargs -0 $(TOOLS)/bin/gofumpt -w

.PHONY: tools
tools: $(TOOLS)/bin/gofumpt-$(GOFUMPT_VERSION) $(TOOLS)/bin/golangci-lint-$(GOLANGCI_VERSION) $(TOOLS)/bin/govulncheck-$(GOVULNCHECK_VERSION)

$(TOOLS)/bin/gofumpt-$(GOFUMPT_VERSION):
	@echo "installing gofumpt"; GOBIN=$(TOOLS)/bin go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION) && touch $@
$(TOOLS)/bin/golangci-lint-$(GOLANGCI_VERSION):
	@echo "installing golangci-lint"; GOBIN=$(TOOLS)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION) && touch $@
$(TOOLS)/bin/govulncheck-$(GOVULNCHECK_VERSION):
	@echo "installing govulncheck"; GOBIN=$(TOOLS)/bin go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) && touch $@

# Every package whose tests keep golden files has the flag -update: compiled machines, the OpenAPI document, reports.
.PHONY: generate
generate: ## Write all generated files anew: compiled machines, the OpenAPI document, golden files
	@packages=$$(git grep -l --untracked 'flag.Bool("update"' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|'); \
	  for package in $$packages; do echo "generate $$package"; go test -count=1 "$$package" -update >/dev/null || { echo "failed: $$package" >&2; exit 1; }; done
	@if ! $(HAVE_NODE); then $(call skipped,Node.js 20.19 or newer is not here: the types of the client in the dashboard are left as they are.); \
	else $(MAKE) --no-print-directory web/node_modules/.package-lock.json; echo 'generate web/dashboard/src/api'; npm run --silent types --prefix web >/dev/null; fi

.PHONY: check-generated
check-generated: generate ## Fail when a generated file is not what its source makes of it
	@git diff --exit-code
	@new=$$(git ls-files --others --exclude-standard); [[ -z "$$new" ]] || { printf 'generated, not committed:\n%s\n' "$$new" >&2; exit 1; }

.PHONY: sam-check
sam-check: ## Validate the templates as SAM, CloudFormation and a security linter read them
	@tools/sam-check

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
$(eval $(call sam_function,BacktestFunction,backtest))
$(eval $(call sam_function,DispatchFunction,dispatch))
$(eval $(call sam_function,SweepFunction,sweep))

.PHONY: deploy-dashboard
deploy-dashboard: web ## Put the dashboard's pages where a deployed stack serves them; STACK=name, needs the AWS CLI and jq
	@[[ -n "$(STACK)" ]] || { echo 'which one? make deploy-dashboard STACK=<name>' >&2; exit 1; }
	@tools/deploy-dashboard "$(STACK)"

##@ Clean

.PHONY: clean
clean: ## Remove what was built; local data (.ballerine) and tools (.tools) stay
	rm -rf bin build .aws-sam
	find web/dashboard/dist -mindepth 1 -not -name .keep -delete

.PHONY: clean-all
clean-all: clean ## Remove the tools as well
	rm -rf $(TOOLS) $(VALIDATORS)/node_modules $(PEERS)/node_modules web/node_modules
