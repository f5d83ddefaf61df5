#!/bin/sh
# `npm run demo`: installs what is missing, then moves a real Redis between two real Docker hosts.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
sh "$here/scripts/bootstrap.sh" --hosts
exec node "$here/dist/src/cli/main.js" demo "$@"
