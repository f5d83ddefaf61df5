#!/bin/sh
# `npm run -s transship -- ARGS` in a checkout: builds when the sources are newer, then is the command.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
if [ -d "$here/node_modules/.bin" ]; then sh "$here/scripts/build.sh"; else sh "$here/scripts/bootstrap.sh"; fi
cd "${INIT_CWD:-.}"
exec node "$here/dist/src/cli/main.js" "$@"
