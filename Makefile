# make demo   set up what it lacks and run the main job
# make test   set up what it lacks and run the tests; ARGS='-m "not slow"' the quick part
# make test-all  those that take minutes, too
# make docs   the documentation, in build/docs
# make bench  the figures of docs/reference/speed.md
PYTHON ?= python3
BIN := .venv/bin
INSTALL ?= $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The tests start some hundreds of Pythons, which start sooner where one keeps what it compiled for the next.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all docs bench clean

demo: .venv/.kit
	@$(BIN)/civis-usage demo

test: .venv/.test
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not nightly" $(ARGS)

test-all: .venv/.dev
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

.venv/.kit: pyproject.toml
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: name a newer one, as in 'make $(MAKECMDGOALS) PYTHON=python3.12'" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(INSTALL) --editable .
	@touch $@

.venv/.test: .venv/.kit
	@echo "Adding what the tests need (once) ..."
	@$(INSTALL) --editable '.[test]'
	@touch $@

# Everything that pyproject.toml names: no test is skipped for want of a package, and the gate can lint.
.venv/.dev: .venv/.kit
	@echo "Adding all extras (once) ..."
	@$(INSTALL) --editable '.[dev]'
	@touch $@ .venv/.test .venv/.docs

docs: .venv/.docs
	@$(BIN)/python docs/generate.py
	@$(BIN)/python -m sphinx --fresh-env --fail-on-warning --keep-going --quiet docs build/docs
	@echo "Open build/docs/index.html"

.venv/.docs: .venv/.kit
	@echo "Adding what the documentation needs (once) ..."
	@$(INSTALL) --editable '.[docs]'
	@touch $@

bench: .venv/.test
	@$(BIN)/python benchmarks/run.py $(ARGS)

clean:
	@rm -rf .venv build dist *.egg-info src/*.egg-info
