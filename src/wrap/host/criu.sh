#!/bin/sh
# criu WORDS... - stands before CRIU in the PATH of one `runc checkpoint` or `runc restore`, which start CRIU several times: to ask its
# version, its features, and to do the work. Just before the work it says so, and waits to be told. On the source the container is frozen
# then, as late as can be: not later, as CRIU thaws the group once it holds the tasks, and has them run its own code. On the destination
# all that runc does before it has CRIU restore is done while the container still works.
#   $TRANSSHIP_STAGE  folder of the move: FIFOs `asked` (a line: `work`, and the process that will be CRIU) and `answer` (a line: go, or something else);
#                     uncork, where CRIU sends pages to a server
#   $TRANSSHIP_CRIU   CRIU itself
# The request waits in the socket that `swrk` is given; a look at its first two bytes (MSG_PEEK) takes nothing away. They are the type
# of a criu_req: 1 is DUMP, 2 is RESTORE (criu/images/rpc.proto).
if [ "${1:-}" = swrk ] && perl -e '
    open my $socket, "+<&=", $ARGV[0] or die "fd $ARGV[0]: $!\n";
    defined recv $socket, my $request, 2, 2 or die "fd $ARGV[0]: $!\n";
    exit($request eq "\x08\x01" || $request eq "\x08\x02" ? 0 : 1)' "$2"; then
    # no child of what becomes CRIU, which waits for its own
    [ ! -e "$TRANSSHIP_STAGE/uncork" ] || (sh "$TRANSSHIP_STAGE/uncork" $$ "$2" &)
    echo "work $$" >"$TRANSSHIP_STAGE/asked"
    # nobody can answer any more when whoever has the FIFO open for writing is gone
    read -r word <"$TRANSSHIP_STAGE/answer" && [ "$word" = go ] || exit 1
fi
exec "$TRANSSHIP_CRIU" "$@"
