# shellcheck shell=bash
# Sourced: `mark WORDS` notes a moment of this host's clock in $folder/marks. No process is started for it.
# shellcheck disable=SC2154  # folder: the caller's
mark() { printf '%s %s\n' "${EPOCHREALTIME/,/.}" "$*" >>"$folder/marks"; }
