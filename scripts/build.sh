#!/bin/sh
# Compiles when a source is newer than the last build.
set -eu
cd "$(dirname "$0")/.."
stamp=dist/.built
if [ ! -f "$stamp" ] || [ -n "$(find src vm test analysis bench tsconfig.json package.json -newer "$stamp" \( -name '*.ts' -o -name '*.json' \) -print -quit)" ]; then
  node_modules/.bin/tsc -p . >&2
  touch "$stamp"
fi
