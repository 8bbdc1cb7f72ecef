#!/usr/bin/env bash
# Makes the environment of MLServer, a peer of `paceline bench peers`: .venv beside this file.
set -euo pipefail
cd "$(dirname "$0")"
../locked_venv.sh 3.11
