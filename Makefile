# Everything is installed into .venv and engine/target of this checkout. Start with `make up`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENUE ?= stacks/venues/laptop.yaml

BIN := .venv/bin
# Stamps live inside the environment, so that removing it removes them.
DONE := .venv/.done
TARGET := $(or $(CARGO_TARGET_DIR),engine/target)
CARGO := cargo
# In the recipes that build, not a target of its own: one that is always made would make `make setup` never up to date.
NEED_CARGO := command -v cargo >/dev/null || { echo "cargo is needed (Rust 1.90 or newer, with a C linker)." >&2; exit 1; }
# Never a Python other than the one the environment was made with, never a configuration from outside this checkout.
UV := UV_PYTHON_DOWNLOADS=never UV_NO_CONFIG=1 VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv
INSTALL := $(UV) pip install --quiet --compile-bytecode
# On a terminal a build shows its progress; elsewhere only what went wrong.
QUIET := $(shell [ -t 2 ] || echo --quiet)
MATURIN := VIRTUAL_ENV=$(CURDIR)/.venv UV_NO_CONFIG=1 PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/maturin develop --uv --release --locked

# Installs the distribution of a manifest; without a terminal its output is shown only if it fails.
define maturin
	if [ -z "$(QUIET)" ]; then $(MATURIN) -m $(1)
	else log=$$($(MATURIN) --quiet -m $(1) 2>&1) || { printf '%s\n' "$$log" >&2; exit 1; }; fi
endef

# What the compiled parts are made of. Tests and benches are not among it: changing one rebuilds nothing here.
RUST := $(shell find engine/crates engine/Cargo.toml engine/Cargo.lock -name target -prune -o \
	\( -path '*/src/*' -o -name Cargo.toml -o -name Cargo.lock -o -name build.rs \) -type f -print)

.PHONY: help
help: ## Show this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | while IFS= read -r line; do
		printf '  make %-10s %s\n' "$${line%%:*}" "$${line##*## }"
	done

# --- the venue -------------------------------------------------------------------------------------------------------

.PHONY: up
up: setup ## Build what changed, start the venue on this machine and show what trades
	@$(BIN)/rialto up $(VENUE)

.PHONY: down
down: ## End every process of the venue; its journals stay
	@if [ -x $(BIN)/rialto ]; then $(BIN)/rialto down; else echo "Nothing is installed here, so nothing runs."; fi

.PHONY: status
status: ## Print what is running
	@if [ -x $(BIN)/rialto ]; then $(BIN)/rialto status; else echo "Nothing is installed here: run \`make up\`."; fi

.PHONY: clean
clean: ## Remove the venue's journals and state, after asking
	@if [ -x $(BIN)/rialto ]; then $(BIN)/rialto clean; else echo "Nothing is installed here: run \`make up\`."; fi

.PHONY: distclean
distclean: down ## End the venue, then remove everything that was built or installed (journals stay)
	@rm -rf .venv $(TARGET) .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find engine/rialto_engine -name '*.so' -delete 2>/dev/null || true

# --- proof -----------------------------------------------------------------------------------------------------------

.PHONY: test
test: setup $(DONE)/dev $(DONE)/clouds ## Run every test, Rust and Python
	@cd engine && $(CARGO) test $(QUIET) --release --locked --workspace --exclude rialto-python
	cd .. && $(BIN)/python -m pytest

.PHONY: check
check: setup $(DONE)/dev $(DONE)/clouds ## Formats, lints, types and import directions
	@$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	cd engine
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(QUIET) --release --locked --workspace --all-targets -- -D warnings

.PHONY: fmt
fmt: $(DONE)/dev ## Format everything and apply the linter's safe fixes
	@$(BIN)/ruff format
	$(BIN)/ruff check --fix
	cd engine && $(CARGO) fmt --all

.PHONY: bench
bench: setup ## Measure the book beside another, and the node through its gateway (about ten minutes)
	@(cd engine && $(CARGO) run --quiet --release --locked -p rialto-bench -- book --latency)
	@(cd engine && $(CARGO) bench --quiet --locked -p rialto-node --bench replicated)
	$(BIN)/python tests/bench/gateway.py

SECONDS ?= 600
.PHONY: soak
soak: setup ## Simulate new seeds for SECONDS seconds (SECONDS=3600); one that breaks something prints its replay
	@(cd engine && $(CARGO) build --quiet --release --locked -p rialto-sim)
	@$(BIN)/python tests/failure/soak.py --seconds $(SECONDS)

.PHONY: deployment
deployment: setup $(DONE)/dev $(DONE)/clouds ## Take all stacks through the real Pulumi engine in emulated clouds (half an hour; needs pulumi)
	@$(BIN)/python -m pytest --long tests/deployment

DRILLS ?=
.PHONY: drills
drills: setup ## Kill, freeze and move nodes under verified flow, by the dozen (about an hour; DRILLS="--kind leader --times 5")
	@$(BIN)/python tests/bench/drills.py $(DRILLS)

# --- what is installed -----------------------------------------------------------------------------------------------

.PHONY: setup
setup: $(DONE)/rialto $(DONE)/engine $(DONE)/node ## Install and build what the venue needs, without starting it

.PHONY: venv
venv: $(DONE)/rialto $(DONE)/dev $(DONE)/clouds ## The Python side alone, with the development tools

.PHONY: clouds
clouds: $(DONE)/rialto $(DONE)/clouds ## Install the cloud SDKs, which stacks and their tests need; then `rialto clouds plan`

$(DONE)/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11." >&2; exit 1; }
	echo "Making the environment in .venv"
	[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	mkdir -p $(DONE) && touch $@

$(DONE)/runtime: $(DONE)/uv requirements/runtime.txt requirements/build.txt
	@echo "Installing the packages the venue needs"
	$(INSTALL) --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	touch $@

$(DONE)/dev: $(DONE)/runtime requirements/dev.txt
	@echo "Installing the development tools"
	$(INSTALL) --require-hashes -r requirements/dev.txt
	touch $@

$(DONE)/clouds: $(DONE)/runtime requirements/clouds.txt
	@echo "Installing the cloud SDKs"
	$(INSTALL) --require-hashes -r requirements/clouds.txt
	touch $@

# Editable: a changed Python source needs no new install, only a changed pyproject.toml does.
$(DONE)/rialto: $(DONE)/runtime pyproject.toml
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

# A compiled part is as old as the start of its build: what was edited meanwhile is built next time.
$(DONE)/node: $(DONE)/runtime $(RUST) engine/crates/node/pyproject.toml
	@$(NEED_CARGO)
	echo "Building the engine's processes"
	touch $@.started
	# Without the node: built together they would resolve other features, and the replicated log be compiled twice.
	(cd engine && $(CARGO) build $(QUIET) --release --locked -p rialto-load -p rialto-link)
	$(call maturin,engine/crates/node/Cargo.toml)
	install -m 755 $(TARGET)/release/rialto-load $(TARGET)/release/rialto-link $(BIN)
	mv $@.started $@

$(DONE)/engine: $(DONE)/runtime $(RUST) engine/pyproject.toml
	@$(NEED_CARGO)
	echo "Building the engine's Python face"
	touch $@.started
	$(call maturin,engine/crates/python/Cargo.toml)
	mv $@.started $@

.PHONY: schema
schema: $(DONE)/rialto ## Write the venue file's JSON Schema anew from the model
	@$(BIN)/python -m rialto_platform.venue.schema > stacks/venues/venue.schema.json.new
	mv stacks/venues/venue.schema.json.new stacks/venues/venue.schema.json

# --- versions --------------------------------------------------------------------------------------------------------

COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

.PHONY: lock
lock: $(DONE)/uv ## Pin the versions of pyproject.toml again, with hashes, in requirements/
	@$(COMPILE) pyproject.toml --extra web -o requirements/runtime.txt
	$(COMPILE) --group bootstrap -o requirements/bootstrap.txt
	$(COMPILE) --group build -o requirements/build.txt
	$(COMPILE) --group dev -c requirements/runtime.txt -o requirements/dev.txt
	$(COMPILE) pyproject.toml --extra clouds -c requirements/runtime.txt -o requirements/clouds.txt
