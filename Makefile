# Everything that is needed, these targets install: .venv, the engine, the images. See README.md.
.DEFAULT_GOAL := help
.PHONY: help setup images test test/contract test/integration test/integration/durations test/integration/discover \
	test/integration/generate test/integration/verify test/unit test/random bench lint format lock clean \
	docs always ci/matrix ci/images-key ci/images-save ci/images-load
SHELL := /bin/sh
# The Python to make .venv with; without one, scripts/find-python chooses.
PYTHON ?=
BIN := .venv/bin
SETUP := .venv/.installed
# What an environment depends on when its Python is gone, when it was made elsewhere (its programs name their Python by
# its path), or with another PYTHON than the one that is named now.
stale = $(shell [ -x $(1)/bin/python ] && [ "$$(sed -n 1p $(1)/.installed 2>/dev/null)" = "$$(pwd -P)/$(1)" ] \
	&& { [ -z '$(PYTHON)' ] || [ "$$(sed -n 2p $(1)/.installed)" = '$(PYTHON)' ]; } || echo always)
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
DOCS := .venv-docs
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
$(error SHARD=$(SHARD) is not a shard; SHARD=2/5 is the second of five)
endif

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / {printf "  make %-27s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## Create .venv with the locked packages

# The locks name no registry: pip takes the index, the proxy and the CA bundle from its own configuration.
$(SETUP): requirements.lock pyproject.toml scripts/find-python scripts/install.py $(call stale,.venv)
	@echo "[setup] making .venv (some seconds, once)" >&2
	@python=$$(sh scripts/find-python $(BIN)/python) && "$$python" scripts/install.py .venv requirements.lock

images: $(SETUP) ## Find or start the engine, build missing images
	@$(BIN)/ocean-sandbox images $(INTEGRATIONS) >/dev/null

# These tests wait for containers more than they compute: half as many workers again as there are processors. Some take
# minutes, most milliseconds: whoever has done its share takes of another's.
test: WORKERS = $(shell cpus=$$(getconf _NPROCESSORS_ONLN); echo $$((cpus + cpus / 2)))
test: $(SETUP) ## Run the whole test suite
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not contract" $(BUILD)

test/integration: $(SETUP) ## Run the example integration's tests in sandboxes, in parallel; SHARD=2/5, INTEGRATION=DIR
	@$(BIN)/pytest -n $(WORKERS) $(ROOT) $(UNUSED) $(SPLIT) $(BUILD) $(PYTEST_ARGS) $(INTEGRATION) $(MAY_BE_EMPTY)

# One after the other: beside others, a test takes as long as they let it. Those that are gone are forgotten when all run.
test/integration/durations: $(SETUP) ## Record how long each of these tests takes, for SHARD
	@$(BIN)/pytest -n 0 $(ROOT) $(UNUSED) --store-durations $(if $(filter examples,$(INTEGRATION)),--clean-durations) $(BUILD) $(INTEGRATION)

# The only target that calls a real API, with the credentials of .env and the environment.
test/integration/discover: $(SETUP) ## Record a resync of INTEGRATION against its real API; KEEP_PERSONAL_DATA=1
	@$(BIN)/ocean-sandbox discover $(if $(KEEP_PERSONAL_DATA),--keep-personal-data) $(INTEGRATIONS)

test/integration/generate: $(SETUP) ## Generate a test from the recording; FULL=1 keeps everything, AS=stubs, FORCE=1
	@for each in $(INTEGRATIONS); do \
		$(BIN)/ocean-sandbox generate $(if $(FULL),--full) $(if $(AS),--as $(AS)) $(if $(FORCE),--force) $$each || exit; done

# The nightly contract test of an integration, as `pytest -m contract` in its directory: it calls the real API, as
# discover does. Exit code 1 where something is otherwise.
test/integration/verify: $(SETUP) ## Compare the real API of INTEGRATION with the recording; REPORT=FILE for JSON
	@for each in $(INTEGRATIONS); do $(BIN)/ocean-sandbox verify $(if $(REPORT),--output $(REPORT)) $$each || exit; done

# What -m contract selects asks real APIs: here Debian's registry of today, and in a generated test the integration's own.
test/contract: $(SETUP) ## Run the tests that call real APIs, which no other target runs; nightly
	@$(BIN)/pytest -n 0 -m contract $(PYTEST_ARGS)

test/unit: $(SETUP) ## Run the tests that need no engine
	@$(BIN)/pytest -n $(WORKERS) tests/unit

# What `make test/unit` does with 40 of each: the Port mock and its model, and any body to either of its apps.
test/random: $(SETUP) ## Play EXAMPLES=1000 random sequences with the Port mock and its model
	@OCEAN_SANDBOX_EXAMPLES=$(EXAMPLES) $(BIN)/pytest -n $(WORKERS) tests/unit/sandbox/port_mock/test_model.py tests/unit/sandbox/port_mock/test_any_body.py

bench: $(BENCH)/.installed ## Measure against the in-process harness and the naive way (ROUNDS=5 ROWS=start,steady-1 QUICK=1)
	@$(BENCH)/bin/python -m tests.benchmarks --rounds $(ROUNDS) --rows "$(ROWS)" $(if $(QUICK),--quick)

# An environment of its own, as a user has it: what our own tests use would cost each start its import. Compiled, since
# that is not to be measured.
$(BENCH)/.installed: requirements-bench.lock pyproject.toml $(call stale,$(BENCH)) | $(SETUP)
	@echo "[setup] making $(BENCH) (some seconds, once)" >&2
	@UV_COMPILE_BYTECODE=1 $(BIN)/python scripts/install.py $(BENCH) requirements-bench.lock

docs: $(DOCS)/.installed ## Build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict

$(DOCS)/.installed: requirements-docs.lock pyproject.toml $(call stale,$(DOCS)) | $(SETUP)
	@echo "[setup] making $(DOCS) (some seconds, once)" >&2
	@$(BIN)/python scripts/install.py $(DOCS) requirements-docs.lock

# A made-up secret begins in a way that says so; what cannot has a comment "pragma: allowlist secret" that says why.
MADE_UP := ^(test|not|port-mock|redacted|hunter2|s3cr3t|other-s3cr3t|wr0ng)\b
lint: $(SETUP) ## Check style, types, the direction of imports, the CI workflow, and that there is no secret
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/zizmor --quiet --offline .github/workflows
	@git ls-files -z --cached --others --exclude-standard \
		| xargs -0 -n 150 -P 2 $(BIN)/detect-secrets-hook --no-verify --disable-filter detect_secrets.filters.heuristic.is_non_text_file \
		--exclude-secrets '$(MADE_UP)'

format: $(SETUP) ## Format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

# What .github/workflows/integration.yml calls, so that each of its steps can be tried by hand.
FILE ?= images.tar
TAGS = $(BIN)/ocean-sandbox images --tags $(INTEGRATIONS)

ci/matrix: $(SETUP) ## Print the jobs of a CI run as JSON; SHARDS=3 for each integration
	@$(BIN)/ocean-sandbox ci-matrix $(if $(SHARDS),--shards $(SHARDS)) $(INTEGRATION)

ci/images-key: $(SETUP) ## Print a cache key that changes with the images
	@tags=$$($(TAGS)) && echo "$$tags" | sha256sum | cut -c -16

ci/images-save: images ## Save the images to FILE=images.tar
	@docker save --output $(FILE) $$($(TAGS))

ci/images-load: ## Load the images from FILE
	@docker load --quiet --input $(FILE)

UPGRADE ?= --upgrade
LOCK := $(BIN)/uv pip compile --quiet $(UPGRADE) --universal --generate-hashes --no-annotate --no-header --no-emit-index-url
lock: $(SETUP) ## Update the locks; with UPGRADE= pin only what is new
	@$(LOCK) --python-version 3.11 --group dev --extra ci --extra discover pyproject.toml --output-file requirements.lock
	@$(LOCK) --python-version 3.11 --group bench pyproject.toml --constraint requirements.lock \
		--output-file requirements-bench.lock
	@$(LOCK) --python-version 3.11 --group pyproject.toml:docs --constraint requirements.lock \
		--output-file requirements-docs.lock
	@for image in builder front port-mock resync tools wiremock; do \
		$(LOCK) --python-version 3.13 docker/$$image/requirements.in --output-file docker/$$image/requirements.lock; done
	@$(LOCK) --python-version 3.13 tests/benchmarks/docker/requirements.in \
		--constraint docker/resync/requirements.lock --output-file tests/benchmarks/docker/requirements.lock

clean: ## Remove .venv and caches; images stay
	@rm -rf .venv $(BENCH) $(DOCS) bench-results site .sandbox-traces .mypy_cache .ruff_cache .pytest_cache .hypothesis
