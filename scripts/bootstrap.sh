#!/bin/sh
# Installs what a checkout needs, once: npm packages and, for `--hosts [PACKAGE...]`, as root on Debian, the Debian packages
# of the test hosts (and those named); for `--vms` those of hosts in virtual machines as well (QEMU); then builds. Talks on stderr only.
# Addresses of registries and mirrors are those of the machine's own configuration.
set -eu
cd "$(dirname "$0")/.."

node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || {
  echo "error: Node $(node --version) is too old" >&2
  echo "  hint: transship needs Node 20.19 or newer" >&2
  exit 3
}

# npm packages: anew when package.json is newer than the last install. (Not `npm ci`: lockfiles made where a
# platform's binaries are missing have holes that it refuses. NODE_ENV=production would leave the compiler out.)
installed=node_modules/.transship-installed
if [ ! -f "$installed" ] || [ -n "$(find package.json -newer "$installed")" ]; then
  echo "installing npm packages" >&2
  # no package's own scripts: none is needed
  npm install --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  touch "$installed"
fi

# Only as root, only where apt is.
lists=vm/debian-packages.txt
[ "${1:-}" != --vms ] || lists="$lists vm/qemu/debian-packages.txt"
case ${1:-} in --hosts | --vms) isForHosts=true ;; *) isForHosts=false ;; esac
if $isForHosts && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  shift
  missing=''
  # shellcheck disable=SC2086 # two words
  for package in $(cat $lists) "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    echo "installing Debian packages:$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >&2 </dev/null ||
      echo "warning: apt-get could not install them; what needs them will be skipped" >&2
  fi
fi

sh scripts/build.sh
