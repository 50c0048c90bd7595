# Everything that is needed, these targets install: .venv, the engine, the images. See README.md.
.DEFAULT_GOAL := help
.PHONY: help setup images test test/integration test/unit lint format lock clean
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.installed
WORKERS ?= auto
# Plugins of our own tests: they cost each worker more than a second, and the example's tests use none of them.
UNUSED := $(addprefix -p no:,anyio faker hypothesispytest pytest_cov syrupy timeout)

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z\/]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## Make .venv, with the locked packages

# The lock names no registry: pip takes the index, the proxy and the CA bundle from its own configuration.
$(SETUP): requirements.lock pyproject.toml
	@echo "[setup] making .venv (half a minute, once)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "[setup] Python 3.11 or later is needed, this is " + sys.version.split()[0] + ": make PYTHON=…")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "[setup] installing python3-venv" >&2; \
			apt-get update -q >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv >&2; \
		else echo "[setup] this Python cannot make virtual environments: install python3-venv" >&2; exit 1; fi; }
	@[ -x $(BIN)/pip ] || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

images: $(SETUP) ## Find or start the engine, build what is missing
	@$(BIN)/ocean-sandbox images examples/oci-registry >/dev/null

test: $(SETUP) ## Run the whole test suite
	@$(BIN)/pytest -n $(WORKERS) -m "not contract" --sandbox-build examples/oci-registry

test/integration: $(SETUP) ## Run the example integration's tests in sandboxes, in parallel
	@$(BIN)/pytest -n $(WORKERS) $(UNUSED) --sandbox-build examples/oci-registry examples

test/unit: $(SETUP) ## Run the tests that need no engine
	@$(BIN)/pytest -n $(WORKERS) tests/unit

lint: $(SETUP) ## Check style, types and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(SETUP) ## Put the code in form
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url
lock: $(SETUP) ## Pin the packages anew
	@$(LOCK) --upgrade --python-version 3.11 --group dev pyproject.toml --output-file requirements.lock
	@$(LOCK) --upgrade --python-version 3.11 docker/wiremock/requirements.in --output-file docker/wiremock/requirements.lock
	@for image in builder port-mock resync; do \
		$(LOCK) --upgrade --python-version 3.13 docker/$$image/requirements.in --output-file docker/$$image/requirements.lock; done

clean: ## Remove .venv and caches; images stay
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
