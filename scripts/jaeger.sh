#!/bin/sh
# `npm run jaeger`: Jaeger's all-in-one on loopback, in the foreground (Ctrl-C ends it), built once from its Go module.
#   -- --ports-from N      ports N … N+6 instead of Jaeger's own (N is the page and the query API)
#   -- --build-only        build, print the program's path, start nothing
#   -- --can-build         look whether it is built or could be, do nothing: exit 3 and the reason if not
#   -- --image             Docker's image instead of a build: needs Docker and a registry
#   -- --query.static-files DIR (and any other flag of Jaeger's) is passed on
set -eu
cd "$(dirname "$0")/.."
version=1.76.0

fail() { # MESSAGE HINT
  printf 'error: %s\n  hint: %s\n' "$1" "$2" >&2
  exit 3
}

find_go() {
  for go in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
    [ -x "$go" ] && echo "$go" && return
  done
  fail "Jaeger is built with Go, and there is none here" \
    "apt-get install golang-go (1.21 or newer: it fetches the Go that is needed), or https://go.dev/dl, or: npm run jaeger -- --image"
}

# Go 1.21 and newer can fetch the toolchain that go.mod asks for, as a module; Debian's setting (local) forbids it.
check_go() { # GO
  needed=$(sed -n 's/^go //p' vm/jaeger/go.mod)
  have=$(GOTOOLCHAIN=local "$1" env GOVERSION | sed 's/^go//')
  oldest=$(printf '%s\n' "$needed" "$have" | sort -V | head -n 1)
  [ "$oldest" = "$needed" ] && return
  [ "$(printf '%s\n' 1.21 "$have" | sort -V | head -n 1)" = 1.21 ] ||
    fail "$1 is Go $have, Jaeger $version needs $needed" \
      "Go 1.21 or newer fetches it by itself: Debian's backports have one (apt-get install -t $(backports) golang-go), or https://go.dev/dl, or: npm run jaeger -- --image"
  echo "Go $have fetches Go $needed for this build" >&2
  export GOTOOLCHAIN="go$needed"
}

backports() {
  # shellcheck disable=SC1091
  (. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-stable}-backports") || echo stable-backports
}

cache_folder() {
  if [ "$(id -u)" = 0 ]; then echo /var/cache/transship; else echo "${XDG_CACHE_HOME:-$HOME/.cache}/transship"; fi
}

program_path() {
  recipe=$(cat vm/jaeger/go.mod vm/jaeger/go.sum | sha256sum | cut -c 1-12)
  echo "$(cache_folder)/jaeger-$version-$recipe"
}

# Prints the program's path; a build that is cut short leaves no program.
build() {
  program=$(program_path)
  if [ ! -x "$program" ]; then
    go=$(find_go)
    check_go "$go"
    mkdir -p "$(dirname "$program")"
    echo "building Jaeger $version: two or three minutes, once" >&2
    # shellcheck disable=SC2064
    trap "rm -f '$program.$$'" EXIT
    trap 'exit 130' INT TERM
    (cd vm/jaeger && "$go" build -mod=readonly -buildvcs=false -trimpath -ldflags '-s -w' -o "$program.$$" \
      github.com/jaegertracing/jaeger/cmd/all-in-one) >&2 ||
      fail "Jaeger $version could not be built" "the lines above say why; it needs Go's module proxy (GOPROXY) once"
    mv "$program.$$" "$program"
  fi
  echo "$program"
}

check_free() { # PORT...; prints those that cannot be listened on
  # shellcheck disable=SC2016
  node -e '
    const { createServer } = require("node:net");
    for (const port of process.argv.slice(1)) {
      const server = createServer().once("error", (e) => { console.log(`${port} (${e.code})`); });
      server.listen(Number(port), "127.0.0.1", () => server.close());
    }' "$@"
}

port() { # OFFSET PORT-OF-JAEGER
  if [ -n "$ports_from" ]; then echo $((ports_from + $1)); else echo "$2"; fi
}

image='' build_only='' ports_from=''
while [ $# -gt 0 ]; do
  case $1 in
    --image) image=yes ;;
    --build-only) build_only=yes ;;
    --can-build)
      [ -x "$(program_path)" ] && exit
      go=$(find_go)
      check_go "$go"
      exit
      ;;
    --ports-from)
      ports_from=${2:-}
      case $ports_from in '' | *[!0-9]*) fail "--ports-from '$ports_from' is no port" "such as: --ports-from 26686" ;; esac
      shift
      ;;
    *) break ;;
  esac
  shift
done

previous=''
for argument in "$@"; do
  folder=''
  case $argument in --query.static-files=*) folder=${argument#*=} ;; esac
  [ "$previous" != --query.static-files ] || folder=$argument
  # Jaeger itself would end with a stack trace
  [ -z "$folder" ] || [ -f "$folder/index.html" ] ||
    fail "$folder/index.html: there is none" "--query.static-files takes the folder of a built jaeger-ui: docs/jaeger.md"
  previous=$argument
done

ui=$(port 0 16686) thrift=$(port 1 14268) otlp_http=$(port 2 4318) otlp_grpc=$(port 3 4317)
admin=$(port 4 14269) query_grpc=$(port 5 16685) collector_grpc=$(port 6 14250)

if [ -n "$build_only" ]; then
  build
  exit
fi
[ -n "$image" ] || program=$(build)
[ -z "$image" ] || command -v docker >/dev/null || fail "--image needs Docker, and there is none here" "npm run jaeger builds Jaeger instead"
taken=$(check_free "$ui" "$thrift" "$otlp_http" "$otlp_grpc" "$admin" "$query_grpc" "$collector_grpc")
[ -z "$taken" ] || fail "127.0.0.1:$(echo "$taken" | head -n 1): port cannot be used" "another Jaeger runs? npm run jaeger -- --ports-from 26686 takes others"

cat >&2 <<END
Jaeger $version, on this machine only; what it is sent is kept in memory until Ctrl-C
  page     http://127.0.0.1:$ui   (its looks need --query.static-files or --image: docs/jaeger.md)
  send     transship send RUN --otlp http://127.0.0.1:$otlp_http
  or       transship send RUN --jaeger http://127.0.0.1:$thrift
  ask      curl http://127.0.0.1:$ui/api/traces/TRACE_ID
END

if [ -n "$image" ]; then
  exec docker run --rm -e OTEL_TRACES_SAMPLER=always_off -p "127.0.0.1:$ui:16686" -p "127.0.0.1:$thrift:14268" \
    -p "127.0.0.1:$otlp_http:4318" -p "127.0.0.1:$otlp_grpc:4317" -p "127.0.0.1:$admin:14269" \
    "jaegertracing/all-in-one:$version" "$@"
fi
# Its own requests are no part of anybody's migration: always_off.
export OTEL_TRACES_SAMPLER=always_off SPAN_STORAGE_TYPE=memory
exec "$program" --log-level=warn \
  --query.http-server.host-port="127.0.0.1:$ui" --query.grpc-server.host-port="127.0.0.1:$query_grpc" \
  --collector.http-server.host-port="127.0.0.1:$thrift" --collector.grpc-server.host-port="127.0.0.1:$collector_grpc" \
  --collector.otlp.http.host-port="127.0.0.1:$otlp_http" --collector.otlp.grpc.host-port="127.0.0.1:$otlp_grpc" \
  --admin.http.host-port="127.0.0.1:$admin" "$@"
