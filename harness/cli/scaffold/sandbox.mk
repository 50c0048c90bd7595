# The targets of ocean-sandbox, for this integration. Written by `ocean-sandbox init`, and yours to edit.
#
#   make test/integration             its tests, each resync in a container of its own
#   make test/integration/discover    record a resync against the real API, with the credentials of .env
#   make test/integration/generate    generate a test from the recording
#   make test/integration/verify      compare the real API with the recording
.PHONY: test/integration test/integration/discover test/integration/generate test/integration/verify sandbox/installed

# Where ocean-sandbox is: in .venv, in the virtual environment that is active (`poetry run make …`), or on PATH.
SANDBOX ?= $(firstword $(wildcard .venv/bin/ocean-sandbox $(addsuffix /bin/ocean-sandbox,$(VIRTUAL_ENV))) \
	$(shell command -v ocean-sandbox 2>/dev/null))
# The pytest beside it is the one with its plugin.
SANDBOX_PYTEST = $(dir $(realpath $(SANDBOX)))pytest
# Not what else is in tests: unit tests patch what runs here as it ships.
SANDBOX_TESTS ?= $(wildcard tests/test_integration_*.py integration_tests)
WORKERS ?= auto
PYTEST_ARGS ?=

# What pyproject.toml adds to pytest's options is meant for the unit tests.
SANDBOX_OPTIONS = -o addopts= -o asyncio_default_fixture_loop_scope=function --ocean-sandbox --sandbox-build .

test/integration: sandbox/installed
	@$(SANDBOX_PYTEST) $(SANDBOX_OPTIONS) -n $(WORKERS) $(PYTEST_ARGS) $(SANDBOX_TESTS)

# The only two that call a real API.
test/integration/discover: sandbox/installed
	@$(SANDBOX) discover .

test/integration/verify: sandbox/installed
	@$(SANDBOX) verify .

test/integration/generate: sandbox/installed
	@$(SANDBOX) generate .

sandbox/installed:
	@[ -n "$(SANDBOX)" ] || { \
		echo "ocean-sandbox is not in .venv, in an active virtual environment or on PATH." >&2; \
		echo "What to do: install it in .venv (.venv/bin/pip install ocean-sandbox) or for all integrations" >&2; \
		echo "(pipx install ocean-sandbox), or pass its path: make SANDBOX=/path/to/bin/ocean-sandbox test/integration" >&2; \
		exit 1; }
