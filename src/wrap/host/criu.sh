#!/bin/sh
# criu WORDS... - stands before CRIU in the PATH of one `runc checkpoint`, which starts CRIU several times: to ask its version, its
# features, and to dump. Just before the dump it has the container frozen, as late as can be: not later, as CRIU thaws the group once
# it holds the tasks, and has them run its own code.
#   $TRANSSHIP_STAGE  folder of the move: FIFOs `asked` (a line: freeze now) and `frozen` (a line: it is); uncork, where pages go to a server
#   $TRANSSHIP_CRIU   CRIU itself
# The request waits in the socket that `swrk` is given; a look at its first two bytes (MSG_PEEK) takes nothing away. They are the type
# of a criu_req: 1 is DUMP (criu/images/rpc.proto).
if [ "${1:-}" = swrk ] && perl -e '
    open my $socket, "+<&=", $ARGV[0] or die "fd $ARGV[0]: $!\n";
    defined recv $socket, my $request, 2, 2 or die "fd $ARGV[0]: $!\n";
    exit($request eq "\x08\x01" ? 0 : 1)' "$2"; then
    # no child of what becomes CRIU, which waits for its own
    [ ! -e "$TRANSSHIP_STAGE/uncork" ] || (sh "$TRANSSHIP_STAGE/uncork" $$ "$2" &)
    echo dump >"$TRANSSHIP_STAGE/asked"
    read -r _ <"$TRANSSHIP_STAGE/frozen"
fi
exec "$TRANSSHIP_CRIU" "$@"
