# Two commands: `make run` (the whole application with its own servers) and `make test`.
# Nothing but make and Python 3.11 or newer is needed; everything else lives in .venv and var.

PY  := .venv/bin/python
UV  := .venv/bin/uv
# Byte code is compiled once here (uv alone does not), so that no start pays for it.
SYNC = $(UV) pip sync --quiet --system-certs --python $(PY) --compile-bytecode --require-hashes \
  requirements/uv.lock
# Where uv finds no way to the packages, pip may know one from its own configuration.
PIP  = $(PY) -m pip install -qq --disable-pip-version-check --require-hashes

.PHONY: help run test lint format bench lock clean .venv
.DEFAULT_GOAL := help

help:
	@echo "make run     start wfweb on http port $${WFWEB_PORT:-8000} with its own servers and demo data"
	@echo "make test    linters, types, architecture and all tests"
	@echo "make lint    only the linters"
	@echo "make bench   the benchmarks (ratios, in one run)"
	@echo "make lock    resolve requirements/*.in again"
	@echo "make clean   remove .venv and caches; the data in var stays"

run: .venv/.ok
	@exec .venv/bin/wfweb up --end-with-parent

test: .venv/.dev-ok
	@$(PY) -m wfweb.dev.checks --tests

lint: .venv/.dev-ok
	@$(PY) -m wfweb.dev.checks

format: .venv/.dev-ok
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

bench: .venv/.dev-ok
	@$(PY) -m benchmarks

# The environment with everything a developer needs.
.venv: .venv/.dev-ok

# What `make run` needs. The stamp is written last: an interrupted build is built again.
.venv/.ok: requirements/runtime.lock requirements/embedded.lock requirements/uv.lock
	@sh requirements/bootstrap.sh
	@$(SYNC) requirements/runtime.lock requirements/embedded.lock 2>/dev/null \
	  || $(PIP) -r requirements/runtime.lock -r requirements/embedded.lock
	@touch $@

.venv/.dev-ok: .venv/.ok requirements/dev.lock
	@$(SYNC) requirements/dev.lock 2>/dev/null || $(PIP) -r requirements/dev.lock
	@touch $@

# No address of a package index ever enters a lock file: it is the reader's own choice.
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-annotate --no-emit-index-url --no-emit-find-links
lock: $(UV)
	@$(LOCK) -o requirements/dev.lock requirements/dev.in
	@$(LOCK) -c requirements/dev.lock -o requirements/runtime.lock requirements/runtime.in
	@$(LOCK) -c requirements/dev.lock -o requirements/embedded.lock requirements/embedded.in
	@$(LOCK) -o requirements/uv.lock requirements/uv.in

$(UV):
	@sh requirements/bootstrap.sh

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +
