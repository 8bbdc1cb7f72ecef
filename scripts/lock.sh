#!/usr/bin/env bash
# Locks the dependencies anew, with hashes and without addresses: `make lock`.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-emit-package paceline-client "$@"; }
lock requirements/bootstrap.in -o requirements/bootstrap.lock
lock pyproject.toml --extra openvino --extra postgres --extra s3 --extra gcs -o requirements/serving.lock
lock pyproject.toml --extra openvino --extra postgres --extra s3 --extra gcs --extra training --extra spark --group dev -c requirements/serving.lock -o requirements/dev.lock
