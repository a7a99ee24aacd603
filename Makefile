# The commands of a fresh clone. `make run` and `make test` need Python 3.12 or newer, nothing else;
# for the tests of pages a Chromium is installed where that is possible.

PYTHON := .venv/bin/python
# Processes that run tests at once.
WORKERS ?= 2
# Tests that need no server; `make check` runs them.
QUICK := tests/architecture tests/contracts

.PHONY: help run setup check lint quick test drill bench chaos mutants fuzz audit-deps sbom vendor

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

run: setup ## the whole station with demo data; Ctrl-C stops it
	@exec .venv/bin/pitlane up --demo

setup: ## the environment only
	@scripts/setup

check: setup ## every check that needs no server
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint quick audit-deps

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

quick:
	$(PYTHON) -m pytest -q $(QUICK)

test: ## every check, then every test
	@scripts/setup-browser & wait=$$!; $(MAKE) --no-print-directory check && wait $$wait
	$(PYTHON) -m pytest -q -n $(WORKERS) --dist loadgroup $(addprefix --ignore=,$(QUICK))

vendor: setup ## fetches the vendored page assets anew
	$(PYTHON) -m deploy.vendor.renew

drill: setup ## a broker's store lost and spoilt, with figures: some ten minutes
	$(PYTHON) -m tests.drill

bench: setup ## the benchmarks, each beside its floor
	$(PYTHON) -m tests.bench

fuzz: setup ## 100,000 requests made from the OpenAPI document; FUZZ="--requests 20000 --seed 7"
	$(PYTHON) -m tests.attacks $(FUZZ)

audit-deps: setup ## what is known against the locked packages
	$(PYTHON) -m deploy.dependencies audit

sbom: setup ## the list of all packages, CycloneDX, in build/sbom.json
	$(PYTHON) -m deploy.dependencies sbom

chaos: setup ## seeded faults against a real station; CHAOS="--seed 7 --faults 500 --json 7.json", CHAOS="--sum 7.json 8.json"
	$(PYTHON) -m tests.chaos $(CHAOS)

mutants: setup ## faults in our own delivery code, each of which a test must find
	$(PYTHON) -m tests.chaos.mutants $(MUTANTS)
