.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test check lint types image bench kuairand adult stubs lock clean

help: ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready ## Make the virtual environment with the locked dependencies

.venv/.ready: requirements/bootstrap.lock requirements/dev.lock pyproject.toml client/pyproject.toml scripts/setup.sh
	scripts/setup.sh

demo: setup ## Simulate, train, serve, and swap in a newer model under load
	$(BIN)/python -m scripts.demo

test: setup ## Everything: lint, types, import rules, protos, the image's steps, all tests
	$(MAKE) --no-print-directory --jobs 2 --output-sync lint types image
	scripts/system_packages.sh
	$(PYTEST)

check: lint types ## The fast part, for the inner loop
	$(PYTEST) -m "not slow"

lint: setup ## Style, import rules, protos, generated code
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-cache
	$(BIN)/buf lint protos
	$(BIN)/python scripts/generate_stubs.py --check

types: setup ## Static types
	$(BIN)/mypy

image: setup ## The Dockerfile's steps, in a clean folder
	scripts/check_image.sh

bench: setup ## All benchmarks, each beside a peer or a limit; an hour
	scripts/system_packages.sh
	$(BIN)/paceline bench recommend
	$(BIN)/paceline bench rank
	$(BIN)/paceline bench scale
	$(BIN)/paceline bench start
	$(BIN)/paceline bench reload
	$(BIN)/paceline bench trouble
	$(BIN)/paceline bench materialize
	bench/peers/fuxictr/setup.sh
	$(BIN)/paceline bench train
	bench/peers/mlserver/setup.sh
	bench/peers/pytriton/setup.sh
	$(BIN)/paceline bench peers

kuairand: setup ## The pipeline on real impressions: make kuairand DATA=folder
	examples/kuairand/run.sh "$(DATA)"

adult: setup ## Wide, deep and both on census data: make adult DATA=folder
	$(BIN)/python -m examples.adult.compare "$(DATA)"

stubs: setup ## Generate the Python stubs from the protos
	$(BIN)/python scripts/generate_stubs.py

lock: setup ## Lock the dependencies anew
	scripts/lock.sh

clean: ## Remove what the commands above made, data/ and models/ apart
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
