# Bare `make` lists what you can wish for.
.DEFAULT_GOAL := help
PY := .venv/bin/python

.PHONY: help setup check test chaos demo bench lock format clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/.ready  ## everything this checkout needs: venv, locked dependencies, Java and Maven where missing

.venv/.ready: requirements.lock pyproject.toml
	sh local/setup.sh
	@touch $@

check: .venv/.ready  ## format, lint, types, import walls, schema gate, unit tests: some two minutes
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m cli schemas check
	$(PY) -m pytest tests/unit -q -n 2

test: check  ## check, and all tests on real Kafka, Redis and ClickHouse's engine
	$(PY) -m pytest tests/faults tests/flow tests/contract -q -n 2 --dist loadfile
	$(PY) -m pytest tests/e2e -q

chaos: .venv/.ready  ## the long fault scenarios on a stack of their own, with a report: hours. make chaos ARGS="warehouse --kills 20"
	./kontor chaos --report chaos-report.md $(ARGS)

demo: .venv/.ready  ## everything in some minutes: start, two weeks of a shop, a killed worker, the proof
	./kontor demo $(if $(DATA),--data $(DATA))

bench: .venv/.ready  ## Kontor's jobs against plain faust-streaming, side by side in one run: ten minutes and more
	$(PY) -m bench

format: .venv/.ready  ## put the code into the house's format
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lock: .venv/.ready  ## renew requirements.lock from pyproject.toml
	$(PY) -m pip install -q uv
	.venv/bin/uv pip compile pyproject.toml --extra local --extra rocksdb --extra dev --generate-hashes --no-emit-index-url \
		--no-emit-find-links --universal --python-version 3.11 --custom-compile-command "make lock" -q -o requirements.lock

clean:  ## remove caches (the venv and .kontor stay)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
