# Daybook's commands: `make help` lists them. GNU make 3.81 and a POSIX shell are enough, on macOS and on Linux.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

LOCK := requirements.lock
# Never the scripts in .venv/bin: they name this very folder, and break when it is moved.
PY := .venv/bin/python
ALEMBIC := $(PY) -m alembic -c migrations/alembic.ini
CODE := backend scripts migrations
SAFE := $(addprefix backend/tests/migrations/test_,lint.py schema.py statements.py steps.py)
DOCKER ?= docker
PYTHONS := $(PYTHON) python3.13 python3.12 python3.11 python3 python

##@ Use

.PHONY: run
run: .venv ## Migrate, then serve on PORT (2100) until Ctrl-C
	@$(ALEMBIC) upgrade head
	@exec env PYTHONPATH=backend $(PY) -m app

.PHONY: token
token: .venv ## Mint a development token: make token USER=alice
ifneq ($(origin USER),command line)
	@echo 'Whose token? Write: make token USER=alice' >&2; exit 2
else
	@# A service that compose runs has a key of its own: only it can mint for itself. DOCKER=false doesn't ask.
	@compose='$(DOCKER) compose --profile *'; set -f; \
	service=$$($$compose ps --services --status running 2>/dev/null | grep -Ex 'app|sqlite' | head -n 1) || :; \
	if [ -n "$$service" ]; then python="$$compose exec -T $$service python"; else python=$(PY); fi; \
	exec $$python scripts/make_token.py -- "$$USER"
endif

##@ Operate

.PHONY: db-init
db-init: .venv ## Make the database at DATABASE_URL if it is missing, migrate it, verify it
	@$(PY) scripts/init_db.py $(ARGS)

.PHONY: migrate db-upgrade
migrate: .venv ## Upgrade the database at DATABASE_URL to the newest revision
	@$(ALEMBIC) upgrade head

db-upgrade: migrate ## The same

.PHONY: db-downgrade
db-downgrade: .venv ## One revision back: says what would be dropped, and asks (ARGS=--yes)
	@$(PY) scripts/downgrade_db.py $(ARGS)

.PHONY: db-current
db-current: .venv ## The revision that the database is at
	@$(ALEMBIC) current

.PHONY: db-history
db-history: .venv ## All revisions, the newest first, and where the database is
	@$(ALEMBIC) history --indicate-current

.PHONY: db-verify
db-verify: .venv ## Prove that the database at DATABASE_URL is what the code expects (ARGS="--json")
	@$(PY) scripts/verify_db.py $(ARGS)

.PHONY: db-backup
db-backup: .venv ## Back the database up while it runs, into data/backups (ARGS="--keep 7")
	@$(PY) scripts/backup_db.py $(ARGS)

.PHONY: db-restore
db-restore: .venv ## Let a backup replace the database, once the service is stopped: make db-restore file=…
	@[ -n "$$file" ] || { echo 'Which backup? Write: make db-restore file=data/backups/…' >&2; exit 2; }
	@$(PY) scripts/restore_db.py $(ARGS) -- "$$file"

.PHONY: db-move
db-move: .venv ## Move all data to another database: make db-move from=URL to=URL (ARGS=--dry-run)
	@[ -n "$$from" ] && [ -n "$$to" ] || { echo 'Write: make db-move from=sqlite:///./data/app.db to=postgresql://...' >&2; exit 2; }
	@$(PY) scripts/move_db.py $(ARGS) -- "$$from" "$$to"

.PHONY: db-reset
db-reset: .venv ## Drop our tables and make them anew, empty: asks first (ARGS=--yes)
	@$(PY) scripts/reset_db.py $(ARGS)

.PHONY: purge
purge: .venv ## Remove for good what has lain in the trash for TRASH_DAYS (30): run it daily
	@$(PY) scripts/purge.py $(ARGS)

.PHONY: relink
relink: .venv ## Move a person's rows to another sub: make relink from=OLD to=NEW (ARGS="--dry-run")
	@[ -n "$$from" ] && [ -n "$$to" ] || { echo 'Whose rows? Write: make relink from=OLD to=NEW' >&2; exit 2; }
	@$(PY) scripts/relink_user.py $(ARGS) -- "$$from" "$$to"

##@ Work on it

.PHONY: test
test: .venv ## The whole suite, on SQLite and on Postgres (ARGS="-k timer" for a part)
	@$(PY) -m pytest -q $(ARGS)

.PHONY: check
check: .venv ## Format, lint, types, and whether the migrations are safe (half a minute)
	@$(PY) -m ruff format --check $(CODE)
	@$(PY) -m ruff check $(CODE)
	@$(PY) -m mypy
	@$(PY) -m pytest -q $(SAFE)

.PHONY: format
format: .venv ## Put the code into shape
	@$(PY) -m ruff format $(CODE)
	@$(PY) -m ruff check --fix $(CODE)

.PHONY: bench
bench: .venv ## Measure Daybook beside its peers, in a quarter of an hour (ARGS=--quick: in two or three minutes)
	@PYTHONPATH=scripts $(PY) -m bench $(ARGS)

.PHONY: db-revision db-migrate
db-revision: .venv ## Write a migration from the models: make db-revision m="Add reminders"
	@[ -n "$$m" ] || { echo 'What does it do? Write: make db-revision m="Add reminders"' >&2; exit 2; }
	@$(ALEMBIC) revision --autogenerate -m "$$m"

db-migrate: db-revision ## The same

.PHONY: db-record
db-record: .venv ## At a release: record its statements, for the next one's migrations to spare
	@PYTHONPATH=backend $(PY) -m tests.migrations.record

.PHONY: clean
clean: ## Remove .venv and what the tools left; data/ stays
	@rm -rf .venv $(NEW)* .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { print "\n" substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

##@ Dependencies

# Candidates are run, not looked up: a version manager's dead shim is found, and exits 127.
FIND_PYTHON = python=; bare=; for candidate in $(PYTHONS); do \
	  "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  if "$$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	  bare=$${bare:-$$candidate}; \
	done; \
	if [ -z "$$python" ] && [ -n "$$bare" ]; then \
	  echo "$$bare comes without venv. Install it (Debian, Ubuntu: apt install python3-venv), or uv; then again." >&2; \
	  exit 1; \
	elif [ -z "$$python" ]; then \
	  echo 'No Python 3.11 or newer is here. Install one, or uv; then again (PYTHON=… names one).' >&2; \
	  exit 1; \
	fi

# Made beside .venv and moved there when it is whole, so that two who make it at once don't tear each other's.
NEW := .venv.new-

WITH_UV = uv --version >/dev/null 2>&1 && { echo 'Making .venv with uv' >&2; \
	  uv venv --quiet --python $(or $(PYTHON),'>=3.11') "$$new" >&2 && \
	  uv pip install --quiet --python "$$new/bin/python" --require-hashes -r $(LOCK) >&2; }

WITH_PIP = rm -rf "$$new"; $(FIND_PYTHON); echo "Making .venv with $$python and pip (half a minute)" >&2; \
	  "$$python" -m venv "$$new" >&2 && PIP_USER=0 \
	  "$$new/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK) >&2

# Scripts in it name the folder they were made in: they are told of the move. The copy of the lock says which lock .venv was made from.
.PHONY: .venv
.venv:
	@if cmp -s $(LOCK) .venv/$(LOCK) && $(PY) -c '' 2>/dev/null; then exit 0; fi; \
	new=$(NEW)$$$$; trap 'rm -rf "$$new"' EXIT; \
	{ $(WITH_UV); } || { $(WITH_PIP); } || exit 1; \
	grep -lIF "$$new" "$$new"/bin/* "$$new/pyvenv.cfg" | while read -r file; do \
	  sed -i.old "s|$$new|.venv|g" "$$file" && rm "$$file.old"; done; \
	cp $(LOCK) "$$new/$(LOCK)"; \
	if cmp -s $(LOCK) .venv/$(LOCK) && $(PY) -c '' 2>/dev/null; then exit 0; fi; \
	rm -rf .venv; mv "$$new" .venv

# Without an environment, so that no mirror of ours decides what is locked; certificates and proxies may pass.
UV_COMPILE = env -i PATH="$$PATH" HOME="$$HOME" $${SSL_CERT_FILE:+SSL_CERT_FILE="$$SSL_CERT_FILE"} \
	  $${HTTPS_PROXY:+HTTPS_PROXY="$$HTTPS_PROXY"} $${NO_PROXY:+NO_PROXY="$$NO_PROXY"} \
	  "$$uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-config \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links

# One resolution, in two parts, so that an image can take the first alone and still check every hash.
.PHONY: lock
lock: ## Lock what pyproject.toml asks for, keeping versions (UPGRADE=1: the newest)
	@set -e; work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; uv=uv; \
	if ! uv --version >/dev/null 2>&1; then \
	  $(FIND_PYTHON); "$$python" -m venv "$$work/uv"; uv=$$work/uv/bin/uv; \
	  PIP_USER=0 "$$work/uv/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	fi; \
	if [ -f $(LOCK) ]; then cp $(LOCK) "$$work/all"; fi; \
	$(UV_COMPILE) --group dev --group bench $(if $(UPGRADE),--upgrade) -o "$$work/all" >/dev/null; \
	$(UV_COMPILE) --group dev -c "$$work/all" -o "$$work/dev" >/dev/null; \
	$(UV_COMPILE) -c "$$work/all" -o "$$work/run" >/dev/null; echo > "$$work/none"; \
	part() { awk 'FNR == 1 { file++ } /^[a-z0-9]/ { split($$0, name, "=="); } \
	  file == 1 { without[name[1]] = 1; next } file == 2 { of[name[1]] = 1; next } \
	  (name[1] in of) && !(name[1] in without)' "$$work/$$1" "$$work/$$2" "$$work/all"; }; \
	{ echo '# Made by `make lock`. Install it with --require-hashes.'; echo '# To run:'; part none run; \
	  echo '# To develop:'; part run dev; echo '# To benchmark:'; part dev all; } > "$$work/new"; \
	if grep -nE '://|file:|^-' "$$work/new" >&2; then echo 'The lock would name a host or a path.' >&2; exit 1; fi; \
	cat "$$work/new" > $(LOCK)
