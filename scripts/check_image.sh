#!/usr/bin/env bash
# Does what the Dockerfile does, in a clean folder: copies what it copies, sets up, starts the server, asks for health.
set -euo pipefail
cd "$(dirname "$0")/.."
app=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$app"' EXIT

is_sent() { # whether .dockerignore, which lists what is sent, lets a path through
    local sent
    while read -r sent; do
        [[ $1 == "$sent" || $1 == "$sent"/* ]] && return
    done < <(sed -n 's/^!//p' .dockerignore)
    echo "check_image: the Dockerfile copies $1, which .dockerignore keeps out" >&2
    return 1
}

sed -nE 's/^COPY ([^-].*) ([^ ]+)$/\1|\2/p' Dockerfile | while IFS='|' read -r sources target; do
    mkdir -p "$app/$(dirname "$target/x")"
    for source in $sources; do
        is_sent "$source"
        if [ -d "$source" ]; then cp -r "$source/." "$app/$target"; else cp "$source" "$app/$target"; fi
    done
done
(cd "$app" && scripts/setup.sh serving >setup.log 2>&1) || { cat "$app/setup.log" >&2; exit 1; }

export PYTHONPATH=$app:$app/client/src PACELINE_DATA=$app/data
cp -r feature_repo "$app/mounted"
cd "$app"
for absent in training features cli duckdb; do
    if .venv/bin/python -c "import $absent" 2>/dev/null; then
        echo "check_image: the image can import $absent, which serving does not need" >&2
        exit 1
    fi
done
touch server.log
.venv/bin/python -m server --models "$app/models" --repo "$app/mounted" --port 0 --http-port 0 --admin-address 127.0.0.1:0 2>server.log &
server=$!
until port=$(sed -nE 's/.*for HTTP on port ([0-9]+).*/\1/p' server.log) && [ -n "$port" ]; do
    kill -0 "$server" 2>/dev/null || { cat server.log >&2; exit 1; }
    sleep 0.2
done
.venv/bin/python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$port/healthz', timeout=2)"
kill -TERM "$server"
wait "$server"
server=
echo "check_image: the serving image's steps work"
