# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
SET_UP = @$(PYTHON) tools/setup.py
PARALLEL = -n 2 --dist loadfile --no-loadscope-reorder
COMPILE = --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help demo test check laws bench browser client api crash lock migration clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Invent customers, send them a newsletter, an offer and invoices into a folder [ARGS="--customers 50"]
	$(SET_UP)
	@$(BIN)/tidings demo $(ARGS)

test: ## Run the tests [ARGS="-k import"]
	$(SET_UP) --server
	@$(BIN)/pytest $(PARALLEL) $(ARGS)

check: ## Check style, types and layers
	$(SET_UP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

laws: ## Invent the lives of a million messages, and 100,000 hostile names for every Python here [HISTORIES=20000] [NAMES=3000] [CUSTOMERS=100000]
	$(SET_UP)
	@$(BIN)/python -m tests.laws $(if $(HISTORIES),--histories $(HISTORIES)) $(if $(NAMES),--names $(NAMES))
	@$(BIN)/python -m tests.preferences.test_laws $(if $(CUSTOMERS),--customers $(CUSTOMERS))

bench: ## Measure the promised figures [ONLY=suite]
	$(SET_UP) --bench
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

browser: ## Test the pages in chromium
	$(SET_UP) --browser
	@$(BIN)/pytest -m browser $(ARGS)

client: ## Generate the typed Python client from the API's description
	$(SET_UP)
	@$(BIN)/python -m tools.client

api: ## Call every operation of the API with what it allows and what it does not [LAWS=500]
	$(SET_UP)
	@$(if $(LAWS),TIDINGS_LAWS=$(LAWS)) $(BIN)/pytest -m browser tests/web/test_every_call.py

crash: ## Kill, freeze and restart senders and the database, and count what arrived [KILLS=200] [NAIVE=1]
	$(SET_UP)
	@$(BIN)/python -m tests.crash $(if $(KILLS),--kills $(KILLS)) $(if $(NAIVE),--naive)

lock: ## Choose the newest versions that fit and lock them with their hashes
	$(SET_UP)
	$(BIN)/uv pip compile --upgrade $(COMPILE) pyproject.toml --group dev -o requirements.lock
	$(BIN)/uv pip compile --upgrade $(COMPILE) bench/requirements.in -o bench/requirements.lock

migration: ## Draft a migration from store/tables.py NAME=what_it_does
	$(SET_UP)
	@$(BIN)/python tools/migration.py $(NAME)

clean: ## Remove what the other targets made, but no data
	rm -rf .venv .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
