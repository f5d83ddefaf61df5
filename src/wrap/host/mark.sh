# shellcheck shell=bash
# Sourced: `mark WORDS` notes a moment of this host's clock in $folder/marks, and on standard output when $tell is set. It starts no process.
# shellcheck disable=SC2154  # folder: the caller's
mark() {
    local line
    printf -v line '%s %s' "${EPOCHREALTIME/,/.}" "$*"
    echo "$line" >>"$folder/marks"
    [ -z "${tell:-}" ] || echo "$line"
}
# `look_at_time` sets now_cs: hundredths of a second since boot, a time that nobody sets. Limits go by it: bash's SECONDS and EPOCHREALTIME go with the clock.
# shellcheck disable=SC2034  # now_cs: the caller's
look_at_time() {
    local up
    read -r up _ </proc/uptime
    now_cs=$((10#${up/./}))
}
# `decide` makes `decided` there, and fails where it was made before. Nor does it start a process, as mkdir would be one.
decide() {
    local status
    set -C
    { : >"$folder/decided"; } 2>/dev/null
    status=$?
    set +C
    return "$status"
}
