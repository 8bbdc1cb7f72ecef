#!/usr/bin/env bash
# Makes .venv in the working folder, of what its requirements.lock names, with $PYTHON or the pythonVERSION on the PATH.
# usage: locked_venv.sh VERSION
set -euo pipefail
python=${PYTHON:-python$1}
if ! "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])' "$1" 2>/dev/null; then
    echo "setup: $python is not Python $1, which the locked wheels are for; name one with PYTHON=/path/to/python$1" >&2
    exit 1
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
touch .venv/.ready
