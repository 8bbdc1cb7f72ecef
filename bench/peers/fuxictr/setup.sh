#!/usr/bin/env bash
# Makes the environment of FuxiCTR, the peer of `paceline bench train`: .venv beside this file.
# PyTorch's build for processors comes from PyTorch's own index: name it with PIP_EXTRA_INDEX_URL.
set -euo pipefail
cd "$(dirname "$0")"
../locked_venv.sh 3.11
