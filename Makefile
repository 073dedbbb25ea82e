# Everything a newcomer or a maintainer types. Needs Python 3.11+ and make, nothing else.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
# Where it is set, each of the hundreds of processes that tests start compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help run ocr s3 export notify otel test test-all check check-deploy bench texts docs \
  screenshots lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## start everything: watched folder ./inbox, queue, workers; ingest the samples
	@trap : INT; $(BIN)/gouji up --samples || case $$? in 5|130) ;; *) exit 1;; esac # 130: Ctrl-C; 5: runs already, which it has said

ocr: $(VENV)/.run ## add what reads scans (about 120 MB): gouji[ocr]
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/ocr.lock

s3: $(VENV)/.run ## add what keeps originals on S3-like storage (about 15 MB): gouji[s3]
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/s3.lock

export: $(VENV)/.run ## add what writes Parquet files (about 70 MB): gouji[export]
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/export.lock

notify: $(VENV)/.run ## add what tells chats and mail of dead letters: gouji[notify]
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/notify.lock

otel: $(VENV)/.run ## add what sends traces to an OpenTelemetry collector: gouji[otel]
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/otel.lock

test: $(VENV)/.dev ## run the tests (three minutes on two cores)
	@$(BIN)/python -m pytest -m "not soak" -n auto --dist loadfile --no-loadscope-reorder

test-all: $(VENV)/.dev ## run the tests with the long runs with kills
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

check-deploy: $(VENV)/.dev ## everything in deploy/: linters, schemas, alerts; needs no container engine
	@$(BIN)/python -m deploy.check

bench: $(VENV)/.dev ## measure; prints one table and writes bench.json
	@$(BIN)/python -m tests.bench

texts: $(VENV)/.dev ## gather the texts of the console and compile the Chinese ones
	@$(BIN)/python -m console.web.locale.gather

docs: $(VENV)/.dev ## make the generated parts of the manual anew: commands, settings, edits, events
	@$(BIN)/python -m console.reference

screenshots: $(VENV)/.dev ## take the pictures of the operator's guide into docs/screenshots (needs chromium)
	@GOUJI_TEST_SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest -q tests/console/web/test_screenshots.py

lock: ## refresh the locked dependencies (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  pyproject.toml requirements/build.in -o requirements/run.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  --extra ocr pyproject.toml requirements/build.in -o requirements/ocr.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  --extra s3 pyproject.toml requirements/build.in -o requirements/s3.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  --extra export pyproject.toml requirements/build.in -o requirements/export.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  --extra notify pyproject.toml requirements/build.in -o requirements/notify.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  --extra otel pyproject.toml requirements/build.in -o requirements/otel.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  --extra ocr --extra s3 --extra export --extra notify --extra otel --group dev pyproject.toml requirements/build.in -o requirements/dev.lock

clean: ## remove the virtual environment and caches; data in ./var and ./inbox stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found; try: make PYTHON=python3 run"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "gouji needs Python 3.11 or newer; try: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "python3 -m venv failed; on Debian: apt install python3-venv"; exit 1; }

$(VENV)/.run: requirements/run.lock pyproject.toml | $(BIN)/python
	@echo "installing the locked dependencies into $(VENV) (about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(BIN)/python
	@echo "installing the locked dependencies into $(VENV) (about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run
