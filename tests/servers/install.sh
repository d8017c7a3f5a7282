#!/usr/bin/env bash
# Gets the servers that `make test-servers` starts: Debian's packages, and those of a newer Debian into build/servers.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "needs root and Debian's apt-get: what is not there is left out of the tests, which say so" >&2
  exit 0
fi
for wanted in redis-server:redis-server rabbitmqctl:rabbitmq-server debootstrap:debootstrap openssl:openssl; do
  command -v "${wanted%%:*}" > /dev/null || missing="${missing:-} ${wanted##*:}"
done
if [ -n "${missing:-}" ]; then
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null
fi
tree=build/servers/trixie
if [ ! -e "$tree/usr/bin/valkey-server" ]; then
  rm -rf "$tree"
  mkdir -p "$tree"
  debootstrap --variant=minbase --include=redis-server,valkey-server trixie "$tree" > build/servers/debootstrap.log
fi
