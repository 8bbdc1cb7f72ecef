#!/usr/bin/env bash
# From KuaiRand's files to a published model: examples/kuairand/run.sh FOLDER [FLAGS OF paceline train]
#
# TRAIN_UNTIL and VALIDATE_UNTIL are the last days to train and to validate on (UTC+8); all later ones are the test's.
# PACELINE_DATA is the folder of all data [data/kuairand], MODELS that of the published models [models]; relative
# folders are those of the checkout.
set -euo pipefail

if [[ -z "${1:-}" ]]; then
    echo "error: no folder given; make kuairand DATA=FOLDER, where FOLDER holds KuaiRand's files" >&2
    exit 2
fi
source=$(realpath --canonicalize-missing "$1")
shift
cd "$(dirname "$0")/../.."
export PATH="$PWD/.venv/bin:$PATH"
export PACELINE_DATA=${PACELINE_DATA:-data/kuairand}

repo=examples/kuairand/feature_repo
models=${MODELS:-models}
model=kuairand_ranking
metrics=$models/$model/metrics.json

python -m examples.kuairand.convert "$source" --out "$PACELINE_DATA/world"
paceline features apply --repo $repo > /dev/null
# The conversion may have changed days that were aggregated before.
paceline features materialize --repo $repo --rebuild
document=$(
    paceline train --repo $repo --name $model --out "$models" --json \
        ${TRAIN_UNTIL:+--train-until "$TRAIN_UNTIL"} ${VALIDATE_UNTIL:+--validate-until "$VALIDATE_UNTIL"} "$@"
)
echo "$document" > "$metrics"
directory=$(python -c 'import json, sys; print(json.load(sys.stdin)["directory"])' <<< "$document")
python -m examples.kuairand.compare "$directory" --world "$PACELINE_DATA/world" --out "$metrics" >&2
cat "$metrics"
echo "written to $metrics" >&2
