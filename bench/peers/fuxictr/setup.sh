#!/usr/bin/env bash
# Makes the environment of FuxiCTR, the peer of `paceline bench train`: .venv beside this file.
# PyTorch's build for processors comes from PyTorch's own index: name it with PIP_EXTRA_INDEX_URL.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3.11}
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "setup: $python is not Python 3.11, which the locked wheels are for; name one with PYTHON=/path/to/python3.11" >&2
    exit 1
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
touch .venv/.ready
