#!/bin/bash -p
# Stands before runc, criu or the shim in a PATH, under that program's name: notes the call while a traced move is under way on this host, and
# becomes the program. Its arguments, streams, descriptors, process id, signals and exit status are the caller's, as is its environment:
# names that begin with transship_ are the only ones set here. -p: no BASH_ENV, no function of the environment.
#   /run/transship/watch/calls        what is noted, there while `watch` runs: NUL after each of `call`, time, process id, parent's, traceparent,
#                                     name, number of words, words. One write below 4096 bytes, so that calls do not mix
#   /run/transship/watch/traceparent  of the run (W3C Trace Context)
if [ -e /run/transship/watch/calls ]; then
    read -r transship_parent 2>/dev/null </run/transship/watch/traceparent
    printf '%s\0' call "${EPOCHREALTIME/,/.}" $$ $PPID "$transship_parent" "${0##*/}" $# "$@" 2>/dev/null >>/run/transship/watch/calls
fi
transship_path=$PATH:
while [ -n "$transship_path" ]; do
    transship_folder=${transship_path%%:*} transship_path=${transship_path#*:}
    # another wrapper would note the call twice
    [[ $transship_folder != /usr/local/lib/*/calls ]] || continue
    if [ -x "$transship_folder/${0##*/}" ] && ! [ "$transship_folder/${0##*/}" -ef "$0" ]; then
        exec -a "${0##*/}" "$transship_folder/${0##*/}" "$@"
    fi
done
echo "${0##*/}: not found behind ${0%/*}" >&2
exit 127
