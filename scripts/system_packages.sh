#!/usr/bin/env bash
# Installs the Debian packages that the tests and benchmarks use, where that is possible; says so where it is not.
set -euo pipefail
missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v h2load >/dev/null || missing+=(nghttp2-client)
command -v java >/dev/null || missing+=(default-jre-headless)
compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null || command -v postgres >/dev/null || missing+=(postgresql)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing ${missing[*]}"
    log=$(mktemp)
    # Tests start a cluster of their own, so the package is kept from starting one.
    mkdir -p /etc/postgresql-common && grep -qs create_main_cluster /etc/postgresql-common/createcluster.conf \
        || echo "create_main_cluster = false" >>/etc/postgresql-common/createcluster.conf
    if apt-get -qq update >"$log" 2>&1 \
        && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
        exit 0
    fi
    tail -5 "$log" >&2
fi
echo "setup: not installed: ${missing[*]}; the tests and benchmarks that need them say so" >&2
