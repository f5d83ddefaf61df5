#!/bin/sh
# `npm test`: installs what is missing, checks and runs every test. `npm test -- unit` runs those that need no hosts,
# `npm test -- real` those on hosts in namespaces, `npm test -- vm` those on virtual machines, of which `npm test` plays the most telling;
# further words go to vitest: npm test -- unit src/trace -t clock
set -eu
# CI reads the last line; vitest writes its own, in the place of this script
trap 'echo "0 passed, 1 failed"' EXIT
cd "$(dirname "$0")/.."
project=''
case ${1:-} in
unit | real)
  project=$1
  shift
  ;;
vm)
  project=machines
  export TRANSSHIP_VMS=1
  shift
  ;;
esac

case $project in
unit) sh scripts/bootstrap.sh ;;
real) sh scripts/bootstrap.sh --hosts shellcheck ;;
*) sh scripts/bootstrap.sh --vms shellcheck ;;
esac
node_modules/.bin/biome check --error-on-warnings . >&2
node_modules/.bin/knip --no-config-hints >&2
if command -v shellcheck >/dev/null; then
  shellcheck -x .ci/run scripts/*.sh vm/*.sh vm/*/*.sh src/wrap/host/*.sh src/instrument/host/*.sh src/uprobes/host/*.sh bench/*/*.sh
else
  echo "shellcheck is not installed: the shell scripts are not checked" >&2
fi

exec node_modules/.bin/vitest run ${project:+--project "$project*"} --reporter=default --reporter=./dist/test/closing-line.js "$@"
