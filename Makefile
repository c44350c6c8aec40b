# trailcoach: 'make demo' and 'make test' set up all they need in .venv and run; the second time they are quick.
#
# The install is editable: tests, linters and demo run on the one package in this checkout, so only a change of the
# core or of the build makes a new install necessary. PYTHON=python3.12 chooses the interpreter.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := pyproject.toml setup.py $(wildcard ext/*)
APT := sudo apt-get install python3-venv python3-dev gcc libc6-dev

# what pip does, a line a package
SHOW := sed -un -e 's/^Collecting \([A-Za-z0-9_.-]*\).*/      \1/p' \
                -e 's/^ *Installing build dependencies.*started/    the build tools/p' \
                -e 's/^ *Preparing editable .*started/    translating the core to C/p' \
                -e 's/^ *Building editable .*started/    compiling the core (half a minute)/p' \
                -e 's/^Installing collected.*/    installing/p'
INSTALL := $(BIN)/pip install --disable-pip-version-check --no-color --progress-bar off

.PHONY: help demo test lint benchmark clean

help:
	@echo "make demo       replay a bundled trail log with spoken guidance; writes demo/report.html"
	@echo "make test       run the tests"
	@echo "make lint       ruff, cython-lint, mypy"
	@echo "make benchmark  speed of the core beside its peers"
	@echo "make clean      remove what was built, .venv and demo/ included"

demo: $(VENV)/.run
	@echo "==> demo: trailcoach demo --out demo/"
	@$(BIN)/trailcoach demo --out demo/

test: $(VENV)/.dev
	@echo "==> tests"
	@$(BIN)/python -m pytest

lint: $(VENV)/.dev
	@echo "==> ruff"
	@$(BIN)/ruff check
	@echo "==> cython-lint"
	@PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint ext      # it calls pycodestyle by name
	@echo "==> mypy"
	@$(BIN)/mypy

benchmark: $(VENV)/.dev
	@echo "==> benchmarks"
	@$(BIN)/python -m pytest tests/benchmarks -o addopts= --benchmark-only --benchmark-columns=min,median,stddev,rounds

clean:
	rm -rf $(VENV) build dist demo *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks
	rm -rf trailcoach/lib trailcoach/include trailcoach/_core*.so
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.run: $(VENV)/bin/pip $(BUILD)
	@echo "==> installing trailcoach and what it needs to run"
	@$(INSTALL) --editable . | $(SHOW)
	@touch $@

$(VENV)/.dev: $(VENV)/bin/pip $(BUILD)
	@echo "==> installing trailcoach, what it needs to run, and the tools of its tests"
	@$(INSTALL) --editable '.[dev]' | $(SHOW)
	@touch $(VENV)/.run $@

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "error: $(PYTHON) is not Python 3.11 or newer; choose one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "error: $(PYTHON) cannot make virtual environments: $(APT)" >&2; exit 1; }
	@echo '#include <Python.h>' | cc -E -xc -I"$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')" \
	  - >/dev/null 2>&1 || { echo "error: no C compiler or no headers of $(PYTHON): $(APT)" >&2; exit 1; }
	@echo "==> virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
