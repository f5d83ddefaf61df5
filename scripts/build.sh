#!/bin/sh
# Compiles when a source is newer than the last build.
set -eu
cd "$(dirname "$0")/.."
built=dist/.built
if [ ! -f "$built" ] || [ -n "$(find ./*.json src vm test analysis bench -newer "$built" \( -name '*.ts' -o -name '*.json' \) 2>/dev/null | head -n 1)" ]; then
  mkdir -p dist
  begun=$(mktemp dist/.begun.XXXXXX) # a source that changes while it is compiled is compiled again
  trap 'rm -f "$begun"' EXIT
  node_modules/.bin/tsc -p . >&2
  mv "$begun" "$built"
fi
