# portalwatch: `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo run test test-all soak lint wheel lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

install: $(STAMP) ## install the locked dependencies into .venv

$(STAMP): requirements.lock pyproject.toml
	@sh .ci/python-ready "$(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python .ci/install-locked requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e . >&2
	@touch $@

demo: $(STAMP) ## the whole product on replica portals, no network needed; ARGS="--once --json" plays one cycle and ends
	@$(BIN)/python -m demo play $(ARGS)

run: $(STAMP) ## the same on the real portals and config/watchlist.yaml
	@$(BIN)/portalwatch up $(ARGS)

test: $(STAMP) ## the whole test suite, but for what takes minutes
	@$(BIN)/python -m pytest $(ARGS)

test-all: $(STAMP) ## with the slow ones
	@$(BIN)/python -m pytest -m 'not soak' $(ARGS)

soak: $(STAMP) ## hundreds of kills at random points; SOAK_SEED=N plays them again, SOAK_KILLS=N says how many
	@$(BIN)/python -m pytest -m soak -n 0 -s --timeout 0 $(ARGS)

lint: $(STAMP) ## style, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

wheel: $(STAMP) ## dist/portalwatch-….whl, for an Airflow that is already there
	@$(BIN)/python -m hatchling build --target wheel

lock: ## write requirements.lock anew (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 pyproject.toml --group dev -o requirements.lock

clean: ## remove what was installed and the demo's state; keeps .portalwatch
	rm -rf $(VENV) dist .portalwatch-demo .mypy_cache .ruff_cache .pytest_cache
