#!/usr/bin/env bash
# Makes the virtual environment .venv with the locked dependencies.
# usage: scripts/setup.sh [serving|dev]    (default: dev, which also installs the project in place)
set -euo pipefail
cd "$(dirname "$0")/.."
set_of_packages=${1:-dev}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "setup: found ${PYTHON:-$(python3 --version 2>&1 || echo 'no python3')}, expected Python 3.11, 3.12 or 3.13:" \
        "TensorFlow has no wheels for others. Name one with PYTHON=/path/to/python3.12" >&2
    return 1
}

python=$(find_python)
if [ ! -x .venv/bin/python ] && ! "$python" -m venv .venv; then
    rm -rf .venv
    echo "setup: $python can't make virtual environments; on Debian: apt-get install python3-venv" >&2
    exit 1
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
export VIRTUAL_ENV=$PWD/.venv UV_PYTHON_DOWNLOADS=never
.venv/bin/uv pip install --compile-bytecode --require-hashes -r "requirements/$set_of_packages.lock"
if [ "$set_of_packages" = dev ]; then
    .venv/bin/uv pip install --quiet --no-deps --no-build-isolation -e ./client -e .
fi
touch .venv/.ready
