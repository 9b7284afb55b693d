# make audit   sets up and audits the samples with the defaults; report in reports/
# make test    sets up what tests need (system packages too) and runs all gates and tests
# make bench   measures beside nfdump, tshark and others (15 GB of captures); figures in bench/RESULTS.md;
#              then a night of the agent (10 GB more), the store, a cluster and places: printed
# make agreement  compares with tshark and nDPI on real captures (AUDITOR_CORPUS names their folder)
# make docs    writes the generated pages anew

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# RUNLEVEL=1: no package starts a server on this machine (nginx would)
APT := $(ROOT) env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o Dpkg::Use-Pty=0

.PHONY: audit test gates docs agreement bench clean tools

audit: $(VENV)/.audit
	$(BIN)/auditor audit samples/pcaps samples/logs \
	  --inventory policies/examples/inventory.yaml \
	  --dossiers policies/examples/dossiers.yaml --out reports

# four at once whatever the cores: many tests wait for processes
test: $(VENV)/.test tools gates
	$(BIN)/pytest --numprocesses 4 --dist worksteal

gates: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/auditor policy lint --inventory policies/examples/inventory.yaml \
	  --dossiers policies/examples/dossiers.yaml
	$(BIN)/auditor policy test

docs: $(VENV)/.test
	$(BIN)/python -m auditor.model.flow_table > docs/flow-table.md
	$(BIN)/python -m auditor.model.run > docs/run.schema.json
	$(BIN)/python docs/make_cli.py > docs/cli.md
	$(BIN)/python docs/make_policy_facts.py > docs/policy-facts.md
	$(BIN)/python -m tests.policy.legal_cases > docs/legal-cases.md

agreement: $(VENV)/.test tools
	$(BIN)/python -m tests.differential.agreement

bench: $(VENV)/.test tools
	-@missing=; for tool in softflowd argus ndpiReader; do \
	  command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -z "$$missing" ] || { echo "installing:$$missing"; $(APT) update; \
	  for package in softflowd argus-server libndpi-bin; do \
	  $(APT) install --no-install-recommends -y $$package; done; }
	-@$(BIN)/pip install --quiet --disable-pip-version-check dpkt nfstream duckdb
	$(BIN)/python bench/run.py
	$(BIN)/python bench/logs.py
	$(BIN)/python bench/night.py
	$(BIN)/python bench/store.py
	$(BIN)/python bench/cluster.py
	$(BIN)/python bench/places.py

tools:
	@missing=; for tool in tshark nfdump nfpcapd softflowd chromium nginx openssl tcpdump; do \
	  command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	[ -z "$$missing" ] || { echo "installing:$$missing"; $(APT) update && \
	  $(APT) install --no-install-recommends -y tshark nfdump softflowd chromium \
	    nginx-light openssl tcpdump postgresql; }

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 audit"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || \
	  { rm -rf $(VENV); $(APT) update && $(APT) install -y python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.audit: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) bench/data .mypy_cache .ruff_cache .pytest_cache .hypothesis
