#!/bin/sh
# Stands before runc, criu or the shim in a PATH, under that program's name: notes the call while a traced move is under way on this host, and
# becomes the program. Its arguments, streams, descriptors, process id, signals and exit status are the caller's, and so is its environment
# but for what a shell does unasked (runtime.sh). Only names that begin with transship_ are set.
#   /run/transship/watch/calls        what is noted, there while `watch` runs: NUL after each of `call`, process id, parent's, traceparent, name,
#                                     number of words, words; one write below 4096 bytes, so that calls do not mix. A file, which takes all
#                                     and never blocks, whoever reads it. The time is that at which `watch` has noticed it: a shell that
#                                     can tell the time costs twice as much, and warns of locales
#   /run/transship/watch/traceparent  of the run (W3C Trace Context)
if [ -e /run/transship/watch/calls ]; then
    read -r transship_parent 2>/dev/null </run/transship/watch/traceparent
    printf '%s\0' call $$ $PPID "$transship_parent" "${0##*/}" $# "$@" 2>/dev/null >>/run/transship/watch/calls
fi
# behind its own place in the PATH, so that it comes back to nobody who has called it
transship_path=$PATH:
case :$transship_path in *:"${0%/*}":*) transship_path=:$transship_path transship_path=${transship_path#*:"${0%/*}":} ;; esac
while [ -n "$transship_path" ]; do
    transship_folder=${transship_path%%:*} transship_path=${transship_path#*:}
    # another wrapper would note the call twice; the move's own CRIU (criu.sh) has come here already, and would come again for ever
    case $transship_folder in /usr/local/lib/*/calls | "${0%/*}" | "${TRANSSHIP_STAGE:-/none}/bin") continue ;; esac
    [ ! -x "$transship_folder/${0##*/}" ] || exec "$transship_folder/${0##*/}" "$@"
done
echo "${0##*/}: not found behind ${0%/*}" >&2
exit 127
