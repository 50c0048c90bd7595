# Everything that is needed, these targets install: .venv, the engine, the images. See README.md.
.DEFAULT_GOAL := help
.PHONY: help setup images test test/contract test/integration test/integration/durations test/integration/discover \
	test/integration/generate test/integration/verify test/unit test/random bench lint format lock clean \
	ci/matrix ci/images-key ci/images-save ci/images-load
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.installed
WORKERS ?= auto
# An integration, or a folder of them.
INTEGRATION ?= examples
INTEGRATIONS = $(sort $(patsubst %/.port/,%,$(dir $(wildcard $(INTEGRATION)/.port/spec.* $(INTEGRATION)/*/.port/spec.*))))
BUILD = $(addprefix --sandbox-build ,$(INTEGRATIONS))
# Where verify writes what is otherwise, as JSON.
REPORT ?=
# More arguments for pytest.
PYTEST_ARGS ?=
BENCH := .venv-bench
ROUNDS ?= 5
EXAMPLES ?= 1000
ROWS ?=
# Plugins of our own tests: they cost each worker more than a second, and the example's tests use none of them.
UNUSED := $(addprefix -p no:,anyio faker hypothesispytest pytest_cov syrupy timeout)

# A test has the same id in .test_durations whichever INTEGRATION it runs with, be that one with a pytest configuration.
ROOT := --rootdir=.

# SHARD=2/5 is the second of five parts that take about as long, by .test_durations. The choice depends on the tests and
# on that file alone, so that all workers of all jobs make the same.
SHARD ?=
ifeq ($(SHARD),)
SPLIT := -p no:pytest-split
else ifeq ($(shell echo '$(SHARD)' | awk -F / '/^[0-9]+\/[0-9]+$$/ && 1 <= $$1 && $$1 <= $$2 { print "fine" }'),fine)
SPLIT := --splitting-algorithm least_duration --group $(subst /, --splits ,$(SHARD))
# pytest ends with 5 where it ran no test, as in the last of more shards than tests; the first always has one.
MAY_BE_EMPTY := $(if $(filter-out 1/%,$(SHARD)),|| [ $$? = 5 ])
else
$(error SHARD=$(SHARD) is no shard; SHARD=2/5 is the second of five)
endif

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / {printf "  make %-27s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## Make .venv, with the locked packages

# The locks name no registry: pip takes the index, the proxy and the CA bundle from its own configuration.
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
	@$(BIN)/ocean-sandbox images $(INTEGRATIONS) >/dev/null

# These tests wait for containers more than they compute: half as many workers again as there are processors.
test: WORKERS = $(shell cpus=$$(getconf _NPROCESSORS_ONLN); echo $$((cpus + cpus / 2)))
test: $(SETUP) ## Run the whole test suite
	@$(BIN)/pytest -n $(WORKERS) -m "not contract" $(BUILD)

test/integration: $(SETUP) ## Run the example integration's tests in sandboxes, in parallel; SHARD=2/5, INTEGRATION=DIR
	@$(BIN)/pytest -n $(WORKERS) $(ROOT) $(UNUSED) $(SPLIT) $(BUILD) $(PYTEST_ARGS) $(INTEGRATION) $(MAY_BE_EMPTY)

# One after the other: beside others, a test takes as long as they let it. Those that are gone are forgotten when all run.
test/integration/durations: $(SETUP) ## Record how long each of these tests takes, for SHARD
	@$(BIN)/pytest -n 0 $(ROOT) $(UNUSED) --store-durations $(if $(filter examples,$(INTEGRATION)),--clean-durations) $(BUILD) $(INTEGRATION)

# The only target that calls a real API, with the credentials of .env and the environment.
test/integration/discover: $(SETUP) ## Record a resync of INTEGRATION against its real API; KEEP_PERSONAL_DATA=1
	@$(BIN)/ocean-sandbox discover $(if $(KEEP_PERSONAL_DATA),--keep-personal-data) $(INTEGRATIONS)

test/integration/generate: $(SETUP) ## Make a test of what was recorded; FULL=1 keeps everything, AS=stubs, FORCE=1
	@for each in $(INTEGRATIONS); do \
		$(BIN)/ocean-sandbox generate $(if $(FULL),--full) $(if $(AS),--as $(AS)) $(if $(FORCE),--force) $$each || exit; done

# The nightly contract test of an integration, as `pytest -m contract` in its directory: it calls the real API, as
# discover does. Exit code 1 where something is otherwise.
test/integration/verify: $(SETUP) ## Compare the real API of INTEGRATION with what was recorded; REPORT=FILE as JSON
	@for each in $(INTEGRATIONS); do $(BIN)/ocean-sandbox verify $(if $(REPORT),--output $(REPORT)) $$each || exit; done

# What -m contract selects asks real APIs: here Debian's registry of today, and in a generated test the integration's own.
test/contract: $(SETUP) ## Run the tests that ask real APIs, which no other target runs; nightly
	@$(BIN)/pytest -n 0 -m contract $(PYTEST_ARGS)

test/unit: $(SETUP) ## Run the tests that need no engine
	@$(BIN)/pytest -n $(WORKERS) tests/unit

# What `make test/unit` does with 40 of each: the Port mock and its model, and any body to either of its apps.
test/random: $(SETUP) ## Play EXAMPLES=1000 random sequences with the Port mock and its model
	@OCEAN_SANDBOX_EXAMPLES=$(EXAMPLES) $(BIN)/pytest -n $(WORKERS) tests/unit/port_mock/test_model.py tests/unit/port_mock/test_any_body.py

bench: $(BENCH)/.installed ## Measure, beside the in-process harness and the naive way (ROUNDS=5 ROWS=start,steady-1 QUICK=1)
	@$(BENCH)/bin/python -m tests.benchmarks --rounds $(ROUNDS) --rows "$(ROWS)" $(if $(QUICK),--quick)

# An environment of its own, as a user has it: what our own tests use would cost each start its import.
$(BENCH)/.installed: requirements-bench.lock pyproject.toml | $(SETUP)
	@echo "[setup] making $(BENCH) (half a minute, once)" >&2
	@[ -x $(BENCH)/bin/pip ] || { rm -rf $(BENCH) && $(PYTHON) -m venv $(BENCH); }
	@$(BENCH)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-bench.lock
	@$(BENCH)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lint: $(SETUP) ## Check style, types, the direction of imports and the CI workflow
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/zizmor --quiet --offline .github/workflows

format: $(SETUP) ## Put the code in form
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

# What .github/workflows/integration.yml calls, so that each of its steps can be tried by hand.
FILE ?= images.tar
TAGS = $(BIN)/ocean-sandbox images --tags $(INTEGRATIONS)

ci/matrix: $(SETUP) ## Print the jobs of a CI run as JSON; SHARDS=3 for each integration
	@$(BIN)/ocean-sandbox ci-matrix $(if $(SHARDS),--shards $(SHARDS)) $(INTEGRATION)

ci/images-key: $(SETUP) ## Print a key that changes with the images
	@tags=$$($(TAGS)) && echo "$$tags" | sha256sum | cut -c -16

ci/images-save: images ## Save the images to FILE=images.tar
	@docker save --output $(FILE) $$($(TAGS))

ci/images-load: ## Load them from there
	@docker load --quiet --input $(FILE)

UPGRADE ?= --upgrade
LOCK := $(BIN)/uv pip compile --quiet $(UPGRADE) --universal --generate-hashes --no-annotate --no-header --no-emit-index-url
lock: $(SETUP) ## Pin the packages anew; with UPGRADE= only what is new
	@$(LOCK) --python-version 3.11 --group dev --extra ci --extra discover pyproject.toml --output-file requirements.lock
	@$(LOCK) --python-version 3.11 --group bench pyproject.toml --constraint requirements.lock \
		--output-file requirements-bench.lock
	@$(LOCK) --python-version 3.11 docker/wiremock/requirements.in --output-file docker/wiremock/requirements.lock
	@for image in builder port-mock resync; do \
		$(LOCK) --python-version 3.13 docker/$$image/requirements.in --output-file docker/$$image/requirements.lock; done
	@$(LOCK) --python-version 3.13 tests/benchmarks/docker/requirements.in \
		--constraint docker/resync/requirements.lock --output-file tests/benchmarks/docker/requirements.lock

clean: ## Remove .venv and caches; images stay
	@rm -rf .venv $(BENCH) bench-results .sandbox-traces .mypy_cache .ruff_cache .pytest_cache .hypothesis
