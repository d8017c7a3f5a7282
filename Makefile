# `make run` and `make test` do all their own set-up; everything lives in .venv.
SHELL := /bin/bash
# The first interpreter that really runs: 3.11 or 3.12 if there is one, else a newer one, which needs a redis-server on
# PATH (see "Python versions" in README.md).
PYTHON ?= $(shell for below in 13 99; do for p in python3 python3.12 python3.11 python3.13 python3.14; do \
  $$p -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $$below))" 2>/dev/null && { echo $$p; exit; }; \
  done; done)
BIN := .venv/bin

.PHONY: run docs site test test-long api-examples test-browser screenshots test-servers test-deploy lint types imports check install-check lock sbom audit bench fuzz chaos chaos-ci rolling clean

.venv/ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found; set PYTHON=/path/to/python3.12" >&2; exit 2; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

run: .venv/ready
	$(BIN)/python -m examples.demo

# Three at a time on two cores: much of a test is waiting for leases and polls.
# Processes that tests start would compile all sources again where a machine asks Python to keep no bytecode.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/ready
	$(BIN)/python -m pytest -n 3 --dist worksteal

# What takes minutes because an outage does.
test-long: .venv/ready
	CHANGEOVER_TEST_LONG=1 $(BIN)/python -m pytest -m "long or longer" tests
	@# Once more what is asked of Redis, now through a console.
	CHANGEOVER_TEST_DOOR=console $(BIN)/python -m pytest tests/acceptance/test_main_job.py tests/acceptance/test_commands.py \
		tests/acceptance/test_bad_input.py tests/acceptance/test_checkpoint_store.py tests/acceptance/test_single_process.py \
		tests/integration/cli/test_command_line.py tests/integration/cli/test_purge.py tests/integration/cli/test_status_pages.py \
		tests/integration/cli/test_checkpoint_command.py tests/integration/cli/test_wait_ends.py \
		tests/integration/fleet \
		tests/integration/drift tests/integration/control
	$(BIN)/python -m benchmarks.console

# What the examples of the OpenAPI document are: answers of a console that are played and written down.
api-examples: .venv/ready
	CHANGEOVER_TEST_LONG=1 CHANGEOVER_TEST_EXAMPLES=write $(BIN)/python -m pytest -q \
		tests/integration/console/test_api_examples.py -k examples

# Flower and the console in a real Chromium (Debian: chromium).
test-browser: .venv/ready build/axe-core/axe.min.js
	CHANGEOVER_TEST_BROWSER=1 $(BIN)/python -m pytest tests/browser

# What judges whether pages can be used by everybody; from npm, and just this file.
build/axe-core/axe.min.js:
	mkdir -p build/axe-core
	cd build/axe-core && npm pack --silent axe-core@4.14.1 && tar xzf axe-core-4.14.1.tgz --strip-components=1
	echo "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c  $@" | sha256sum --check --quiet - || { rm $@; false; }
	touch $@

# Pictures of the console's pages for the docs.
screenshots: .venv/ready
	$(BIN)/python -m tests.browser.screenshots

# A whole plan against each server: Redis 6 to 8, Valkey, TLS, Sentinel, RabbitMQ.
test-servers: .venv/ready
	tests/servers/install.sh
	CHANGEOVER_TEST_SERVERS=1 $(BIN)/python -m pytest tests/servers

# Units and manifests against their own linters: systemd-analyze, Kubernetes' and KEDA's schemas, kubeconform (and kustomize, if it is there).
test-deploy: .venv/ready
	test -e build/deploy-venv/ready || { $(PYTHON) -m venv --clear build/deploy-venv && build/deploy-venv/bin/pip install -q \
	  --require-hashes -r tests/deploy/requirements.lock && touch build/deploy-venv/ready; }
	@# Where there is Go and npm; the tests say what was left out.
	test -x build/kubeconform || ! command -v go > /dev/null || \
	  GOBIN=$(CURDIR)/build go install github.com/yannh/kubeconform/cmd/kubeconform@v0.6.7
	test -d build/keda/node_modules || ! command -v npm > /dev/null || \
	  npm install --silent --no-save --prefix build/keda @kubernetes-models/keda@0.4.2
	CHANGEOVER_TEST_DEPLOY=1 $(BIN)/python -m pytest tests/deploy

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready
	$(BIN)/mypy

imports: .venv/ready
	$(BIN)/lint-imports

check: test lint types imports

install-check: .venv/ready
	tests/install_check.sh $(PYTHON)

lock: .venv/ready
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate -q -o requirements.lock
	@# What the image holds: the same versions, without the tools of development.
	$(BIN)/uv pip compile pyproject.toml deploy/image/build.in --extra gevent --extra postgres --extra otel --universal \
	  --python-version 3.11 --generate-hashes -c requirements.lock --no-header --no-annotate -q -o deploy/image/requirements.lock
	$(BIN)/uv pip compile tests/deploy/requirements.in --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate -q -o tests/deploy/requirements.lock

# A bill of materials (CycloneDX) of all that the lock holds, extras and tools of development too. The warning that is
# left out says that it names no dependencies between the packages: a lock has none.
sbom: .venv/ready
	mkdir -p build
	$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
	  --output-reproducible --output-file build/sbom.cdx.json

# Known weaknesses of what is in the lock, asked of osv.dev; 1: there are some, 2: not known, since it could not be asked.
audit: .venv/ready
	@$(BIN)/python -m tests.audit

# What pages have from the code: states and transitions, headers of scripts, examples of events, schemas, reference pages.
docs: .venv/ready
	$(BIN)/python -m orchestrator.domain.diagrams
	$(BIN)/python -m orchestrator.ledger.script_headers
	$(BIN)/python -m reference

# The documentation as a site, in build/site; a link or an anchor that leads nowhere is an error.
site: .venv/ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python -m tests.site_is_whole build/site

# Less than ten minutes on two quiet cores; `make bench QUICK=--quick` less than one.
bench: .venv/ready
	$(BIN)/python -m benchmarks $(QUICK) --json build/bench.json --plot build/cost-against-plan-size.svg

# Random expressions and templates, each measured; `make fuzz MINUTES=60`, `make fuzz SEED=N` for those of a failure.
MINUTES ?= 10
fuzz: .venv/ready
	FUZZ_SECONDS=$$(($(MINUTES) * 60)) FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -s tests/unit/steps/expressions/test_fuzz.py

# Faults of all kinds while a plan runs, then while five with waves, gates, breakers, groups and freezes do, judged by the history checker; prints the seed, `--seed N` tells it again.
chaos-ci: .venv/ready
	$(BIN)/python -m tests.chaos --tenants 200 --stages 4 --workers 3 --coordinators 2 --faults 30
	$(BIN)/python -m tests.chaos --fleet --tenants 60 --stages 3 --concurrency 8 --workers 3 --coordinators 2 --faults 20

# Processes of an earlier commit beside those of this tree; `COMMIT=...` for another than the release before.
COMMIT ?= 8025f3e
rolling: .venv/ready
	$(BIN)/python -m tests.rolling --commit $(COMMIT)

HOURS ?= 4
chaos: .venv/ready
	$(BIN)/python -m tests.chaos --hours $(HOURS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build *.egg-info
