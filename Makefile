# Ballerine. `make` alone lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
FUNCTIONS := step rules vendor document dispatch sweep clientapi reviewapi flowapi hooks authorizer
GO_BUILD := go build -trimpath -buildvcs=false -ldflags='-s -w -buildid='
LAMBDA := GOOS=linux GOARCH=arm64 CGO_ENABLED=0 $(GO_BUILD) -tags lambda.norpc
SKIPPED = printf '\n*** SKIPPED, NOT TESTED HERE: %s ***\n\n'

.PHONY: help run test test-setup build lint generate check-generated sam-check bench clean $(addprefix build/,$(FUNCTIONS))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build and start the whole system on this machine (ARGS="--addr 127.0.0.1:0")
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -o bin/ballerine ./cmd/ballerine
	./bin/ballerine dev --seed $(ARGS)

test: test-setup ## set up what the tests need and run all of them
	go test -race ./...

test-setup: ## fetch what the tests need beside Go
	@if command -v npm >/dev/null; then \
		[ internal/asl/validators/node_modules/.package-lock.json -nt internal/asl/validators/package-lock.json ] || npm ci --no-audit --no-fund --prefix internal/asl/validators; \
	else $(SKIPPED) 'the published validators of state machines (needs Node)'; fi
	@if command -v java >/dev/null && command -v mvn >/dev/null; then \
		if [ -f internal/store/dynamo/local/pom.xml ] && ! ls internal/store/dynamo/local/lib/*.jar >/dev/null 2>&1; then \
			cd internal/store/dynamo/local && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$$PWD/lib; fi; \
	else $(SKIPPED) 'the DynamoDB adapter (needs Java and Maven)'; fi
	@if command -v python3 >/dev/null; then \
		[ .tools/asl-venv/.done -nt internal/asl/crosscheck/requirements.txt ] || { python3 -m venv .tools/asl-venv && .tools/asl-venv/bin/pip install -q -r internal/asl/crosscheck/requirements.txt && touch .tools/asl-venv/.done; }; \
	else $(SKIPPED) 'the second States Language interpreter (needs Python 3)'; fi

build: $(addprefix build/,$(FUNCTIONS)) ## build every function, to the byte the same each time

$(addprefix build/,$(FUNCTIONS)): build/%:
	@mkdir -p $@
	$(LAMBDA) -o $@/bootstrap ./functions/$*

# What `sam build` calls: build-<LogicalId>.
build-%Function:
	$(LAMBDA) -o $(ARTIFACTS_DIR)/bootstrap ./functions/$(shell echo $* | tr A-Z a-z)

lint: ## format, vet and static checks
	go run mvdan.cc/gofumpt@v0.9.2 -l . | tee /dev/stderr | (! grep -q .)
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.7.0 ./...

generate: ## write the generated files again: compiled machines, OpenAPI
	go test ./internal/asl -update
	go test ./internal/httpapi -run TestDocumentIsTheOneCheckedIn -update

check-generated: ## fail when a generated file is out of date
	go test -count=1 ./internal/asl ./internal/httpapi

sam-check: ## validate the templates (needs Python 3)
	tools/sam-check

bench: ## measure
	go test -run '^$$' -bench . -benchmem ./...

clean: ## remove what was built
	rm -rf bin build .aws-sam
