#!/usr/bin/env bash
# Makes the environment of PyTriton, a peer of `paceline bench peers`: .venv beside this file.
# Triton's server comes with it, built for Python 3.12 on x86-64 Linux with glibc 2.35 or newer.
set -euo pipefail
cd "$(dirname "$0")"

is_fit() {
    "$1" -c 'import sys, sysconfig
sys.exit(sys.version_info[:2] != (3, 12) or not sysconfig.get_config_var("Py_ENABLE_SHARED"))' 2>/dev/null
}

find_python() {
    local candidate candidates=(python3.12)
    if command -v pyenv >/dev/null; then
        candidates+=("$(pyenv root)"/versions/3.12*/bin/python)
    fi
    [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        is_fit "$candidate" && echo "$candidate" && return
    done
    echo "setup: found no Python 3.12 with a shared library (${PYTHON:-python3.12 on the PATH, or by pyenv})," \
        "which Triton's server needs; name one with PYTHON=/path/to/python3.12" >&2
    return 1
}

python=$(find_python)
PYTHON=$python ../locked_venv.sh 3.12
