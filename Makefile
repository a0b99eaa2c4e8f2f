# The commands for people. A target fetches what it needs from the registries, and says so.
.DEFAULT_GOAL := help
.PHONY: help build demo test test-rust test-c test-go test-python test-java test-typescript test-bulk test-conformance test-scripts \
        test-rust-sdk package-typescript dist dist-host test-dist test-start test-kubernetes reproduce deny test-platforms test-e2e test-deep ci vectors generated fmt texts docs bench bench-quick bench-core install clean

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
MAJOR := $(firstword $(subst ., ,$(VERSION)))

help: ## Show this
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

build: ## Build libtdc (shared, static) and the command line in target/release
	@echo "tdc: building the library and the command line with cargo (the first time takes some minutes)"
	@cargo build --release --quiet
	@scripts/static-library

demo: build ## Orders, encoded in each language and read in every other one
	@scripts/demo

test: test-rust build test-scripts test-c test-go test-python test-java test-typescript test-conformance ## Lint, unit, C, vectors, conformance, bindings
	@echo "tdc: make test passed"

test-rust: ## rustfmt, clippy, unit and property tests, vectors, generated files, NIST
	@scripts/logged rust scripts/test-rust

test-scripts: ## shellcheck over the scripts, the width of comments, links between pages
	@scripts/test-scripts

test-c: build ## The header in four standards, and the harness over the whole ABI
	@scripts/logged c scripts/test-c

test-go: build ## The Go module
	@scripts/logged go scripts/test-go

test-python: build ## The Python package
	@scripts/logged python scripts/test-python

test-java: build ## The Java package, by JNI and by FFM
	@scripts/logged java scripts/test-java

test-typescript: ## The npm package, installed as users install it
	@scripts/logged typescript scripts/test-typescript

test-rust-sdk: ## The crate for the Rust SDK, with a worker; not in make test, as it builds 300 crates
	@scripts/test-rust-sdk

package-typescript: ## The npm package and this machine's native one, in dist/npm
	@scripts/dist/build
	@scripts/dist/npm

dist-host: ## Every package of this machine, in dist/
	@scripts/dist/packages host

dist: ## The packages of every platform, in dist/; takes an hour
	@scripts/dist/packages

test-dist: ## Installs the packages of dist/ as users do; what one encodes, every other one decodes
	@scripts/test-dist $(PACKAGES)

test-start: ## Follows the pages of docs/start to the letter, with the packages of dist/
	@scripts/test-start

test-kubernetes: ## The manifests and the chart on an API server of its own, and a pod of theirs; the first build takes ten minutes
	@scripts/test-kubernetes

reproduce: ## Builds libtdc in two folders, and compares the bytes
	@scripts/dist/reproduce

deny: ## Licences, sources and known faults of the Rust crates
	@scripts/deny

test-platforms: ## Runs what make dist built for other platforms, as far as this machine can
	@scripts/test-platforms

test-bulk: build ## Spark on a cluster of its own and Ray, with exports; fetches both
	@scripts/logged bulk scripts/test-bulk

test-conformance: build ## Every writer against every reader, and the walk against official parsers
	@scripts/vectors-check
	@scripts/test-conformance
	@scripts/test-conformance-protobuf
	@scripts/count-vectors

test-e2e: build ## Real key services and stores; a real Temporal with workers in four languages, its command line, Web UI and logins
	@scripts/test-keys
	@scripts/test-storage
	@scripts/test-e2e

test-deep: ## Miri, sanitizers and fuzzing
	@scripts/test-deep

ci: ## What CI runs
	@.ci/run

vectors: ## Make vectors/*.json again
	@scripts/make-vectors

generated: ## Write the header and its page, the status codes of every language and the JSON Schema again
	@UPDATE=1 cargo test --quiet --test generated --test header --test imports --lib --bins -- generated header error_page published_schema bindings imports_of
	@python3 scripts/make_c_abi.py

texts: ## Write the snapshots of error texts and of the command line again; read the difference
	@INSTA_UPDATE=always cargo test --quiet --workspace --features portable --test error_texts --test cli --test serve

fmt: ## Format the Rust sources
	@cargo fmt

docs: ## The documentation as a site, in dist/docs; every link is checked before
	@scripts/docs

bench: build ## tdc beside its peers in every language; target/bench/results.jsonl
	@scripts/bench

bench-quick: build ## The same in some eight minutes
	@scripts/bench --quick

bench-core: ## The library beside raw AWS-LC
	@cargo bench --quiet --bench core

install: build ## Install headers, libraries, tdc.pc, the CMake package and the command line under PREFIX (and DESTDIR)
	@scripts/install "$(DESTDIR)" "$(PREFIX)" "$(LIBDIR)" "$(VERSION)" "$(MAJOR)"

clean: ## Remove target/
	@cargo clean
