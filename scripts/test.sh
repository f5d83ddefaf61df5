#!/bin/sh
# `npm test`: installs what is missing, checks and runs every test. `npm test -- unit` runs those that need no hosts.
set -eu
cd "$(dirname "$0")/.."
sh scripts/bootstrap.sh --hosts
node_modules/.bin/biome check .
node_modules/.bin/knip
if command -v shellcheck >/dev/null; then git ls-files '*.sh' .ci/run | xargs shellcheck; fi
project=${1:-}
[ $# -eq 0 ] || shift
exec node_modules/.bin/vitest run ${project:+--project "$project"} --reporter=default --reporter=./dist/test/closing-line.js "$@"
