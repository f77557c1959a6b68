# Needs Python 3.11 or newer with pip and venv, and make. Another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check stubs wheel clean

demo: .venv/installed
	$(BIN)/cstalk-ue demo

test: .venv/installed-dev
	$(BIN)/python -m pytest

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tests/stub_check.py
	$(BIN)/python -m pytest

# The editor scripts against the published signatures of Unreal 5.4, 5.5 and 5.6; skipped without a network.
stubs: .venv/installed-dev
	$(BIN)/python tests/stub_check.py --required

wheel: .venv/installed-dev
	$(BIN)/python -m build --wheel

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamps make pip run again only when pyproject.toml changed.
.venv/installed: pyproject.toml | .venv/bin/pip
	$(BIN)/python -m pip install -e .
	touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/pip
	$(BIN)/python -m pip install -e '.[dev]'
	touch $@

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; $(PYTHON) is %d.%d. Try make PYTHON=python3.11" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
