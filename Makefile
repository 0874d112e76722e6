# All a checkout needs, on a machine that has only Python >= 3.11 and make. `make help` lists the targets.
# Written for GNU make 3.81 (macOS) and newer.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# Folders that come and go with the work: a checker is given those that hold Python files.
TYPED := src tests $(patsubst %/,%,$(sort $(dir $(wildcard bench/*.py tools/*.py))))
# What must be covered to its last branch: the arithmetic of usage, and all that recovers or deletes kept bytes.
EXACT := src/reenact/usage/*,src/reenact/store/writer.py,src/reenact/store/segment.py,src/reenact/store/record.py,src/reenact/store/recorded.py,src/reenact/store/extend.py,src/reenact/store/originals.py,src/reenact/store/manifest.py,src/reenact/store/kept.py,src/reenact/store/compare.py,src/reenact/store/journal.py,src/reenact/store/layout.py,src/reenact/store/lock.py,src/reenact/store/blobs.py,src/reenact/store/collect.py,src/reenact/store/removal.py,src/reenact/store/catch_up.py,src/reenact/store/verify.py,src/reenact/store/index.py
WORKERS ?= 2
ARGS ?=

.PHONY: help run test check bench bench-full fmt crash clean setup page constraints

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: page ## import what the agents on this machine wrote, open the page (archive in .reenact)
	@REENACT_HOME=.reenact $(VENV)/bin/reenact $(if $(ARGS),$(ARGS),up)

test: page ## run every test and example; branch coverage must be >= 90 %, in exact rooms 100 %
	@$(PY) -m pytest -n $(WORKERS) --cov --cov-report=term --cov-fail-under=90 $(ARGS)
	@$(PY) -m coverage report --include='$(EXACT)' --fail-under=100 >$(VENV)/exact.txt || \
		{ cat $(VENV)/exact.txt; echo "error: every branch of $(EXACT) must be covered"; exit 1; }

check: page ## format, lint, types, plan of the house, rules of the project, docs and their examples
	@failed=; \
	echo format; $(VENV)/bin/ruff format --check --quiet --output-format concise . || failed="$$failed format (make fmt)"; \
	echo lint; $(VENV)/bin/ruff check --quiet --output-format concise . || failed="$$failed lint"; \
	echo types; $(VENV)/bin/mypy --no-error-summary $(TYPED) || failed="$$failed types"; \
	echo plan; $(VENV)/bin/lint-imports --no-logo --no-cache >$(VENV)/plan.txt 2>&1 || { cat $(VENV)/plan.txt; failed="$$failed plan"; }; \
	echo page; $(PY) hatch_build.py --check || failed="$$failed page"; \
	echo rules; $(PY) -m pytest tests/test_project.py tests/test_docs.py tests/test_examples.py || \
		failed="$$failed rules"; \
	[ -z "$$failed" ] || { echo "error: not in order:$$failed"; exit 1; }

fmt: $(READY) ## format the code and mend what the linter can mend
	@$(VENV)/bin/ruff check --quiet --fix-only . ; $(VENV)/bin/ruff format --quiet .

bench: $(READY) ## run the benchmarks
	@if [ -f bench/__main__.py ]; then $(PY) -m bench $(ARGS); \
	else echo "There are no benchmarks yet (no bench/__main__.py)."; fi

bench-full: $(READY) ## run all benchmarks, also those that take long
	@$(PY) -m bench; $(PY) -m bench heavy

crash: $(READY) ## kill writers 1,000 times and at every write of theirs; cut files at every byte
	@REENACT_KILLS=$${REENACT_KILLS:-1000} $(PY) -m pytest -m crash $(ARGS)

clean: ## remove the virtual environment and everything tools left; the archive in .reenact stays
	@rm -rf $(VENV) dist build htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache frontend/node_modules src/reenact/web/static
	@find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# Node comes from the machine, else from the Python package index; what is built from the same sources stays.
page: $(READY) ## bundle frontend/ into src/reenact/web/static, where it changed
	@$(PY) hatch_build.py --node || { echo "Installing Node into $(VENV) (none >= 20 with npm is here) ..."; \
		$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[page]'; }
	@$(PY) hatch_build.py

setup: page ## make the virtual environment, install the project into it, build its page

constraints: ## pin again what a fresh environment of this project gets (constraints.txt)
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && $(find_python) && \
	"$$python" -m venv "$$scratch" && \
	"$$scratch/bin/python" -m pip install -qq --disable-pip-version-check -e '.[dev,page]' && \
	"$$scratch/bin/python" -m pip freeze --exclude-editable > "$$scratch/pins" && \
	mv "$$scratch/pins" constraints.txt && echo "constraints.txt: $$(wc -l < constraints.txt | tr -d ' ') pins"

# Sets $$python to the first interpreter that really starts and is new enough.
define find_python
python=; for name in python3 python3.13 python3.12 python3.11; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$name; break; fi; \
done; \
if [ -z "$$python" ]; then \
	echo "error: no Python 3.11 or newer found (looked for python3, python3.13, python3.12, python3.11)" >&2; \
	echo "hint: install one and run make again" >&2; exit 1; \
fi
endef

$(PY):
	@$(find_python); echo "Setting up $(VENV) with $$($$python --version) ..."; \
	$$python -m venv $(VENV) || { rm -rf $(VENV); \
		echo "error: $$python could not make a virtual environment" >&2; \
		echo "hint: on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(READY): $(PY) pyproject.toml constraints.txt
	@echo "Installing what reenact needs ..."
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
