#!/usr/bin/env bash
# dump FOLDER - on the source: has the running container dumped, leaves it frozen with its link cut, sends the images, says go.
# It needs nobody between freeze and go: who started it may be slow, or gone. FOLDER, private and on memory, has
#   settings    bash: id, root (runc's state), freezer (file), frozen (word for it), thawed (word that ends it), links (array: host side
#               of the container's links), lan_links (array: its macvlan links, in the network namespace of pid),
#               words (array: more words for `runc checkpoint`), lazy (1: pages stay here until they are asked for), work (CRIU's work
#               folder), far_root (function: its word is run as root on the destination), far (FOLDER there), log, log_first and log_bytes (the
#               container's log, cksum(1) of its first line, and how much of it is there already), layers (array: files and folders whose changes after `since`
#               must be copied), booted (when this host was booted, by its clock of `since`), limit_s (longest freeze in seconds, with a fraction)
#   criu.conf   CRIU's options for this dump alone
#   bin         what stands before CRIU there, and before its tar
#   copy        shell text that copies the changes of those folders
#   moving, address    where an address of the host moves along: what address needs, and it
#   parent      after a pre-copy: the last round (pre-dump); only what has changed since is dumped
# and gets
#   images/     what CRIU wrote
#   decided     who makes this has decided: this script that the destination may run, anybody else that it never may
#   marks       lines `SECONDS.MICROSECONDS what`, by this host's clock; also on standard output
#   script-pid  this script, which give-up ends
#   runc-pid    runc checkpoint
# A freeze that lasts longer than limit_s ends here: `go` is never said then, CRIU is stopped, and the container goes on.
set -u
umask 077 # CRIU's images are for whoever its umask lets read them (CR_FD_PERM, criu/include/crtools.h)
trap '' HUP PIPE
folder=$1
# shellcheck disable=SC2034  # mark's
tell=1
# shellcheck source=src/wrap/host/mark.sh
. "${BASH_SOURCE[0]%/*}/mark"
# shellcheck source=src/wrap/host/keep-log.sh
. "${BASH_SOURCE[0]%/*}/keep-log"
cd "$folder" || exit
echo "$$" >script-pid
id='' root='' freezer='' frozen='' work='' far='' lazy='' watch='' links=() lan_links=() pid='' words=() layers=() log=''
log_bytes=0 log_first='' since=0 booted=0 limit_s=600 now_cs=''
far_root() { false; }
# shellcheck source=/dev/null
. ./settings
exec 2>>dump.err 9<> <(:)

fail() {
    local why=$*
    if [ -e given-up ]; then
        # past the limit, what breaks is what was broken on purpose: who watches it tells why
        if [ -n "$watch" ]; then
            exec {alive}>&-
            wait "$watch"
            while kill -0 "$watch" 2>/dev/null; do pause 0.01; done # not every bash waits for what it has not started as a job
        fi
        # and who has given up may no longer wait for the CRIU that has ended now
        grep -q ' give-up.thawed' marks || bash ./give-up "$folder" own
        ! grep -qE ' dump\.(failed|let-go|stuck) ' marks || exit 1
    elif [ -n "$watch" ] && ! kill -0 "$receiver" 2>/dev/null; then # what breaks so may be known here before it is looked for
        why="the destination does not answer any more: $(last receiver.err)"
    fi
    mark "dump.failed $why"
    exit 1
}
pause() { read -r -t "$1" -u 9 _; } # sleep without a process
last() { tail -n 1 "$1" 2>/dev/null; }
is_frozen() { # cgroup-v2.rst, cgroup.events; v1's file says FREEZING first
    local state
    mapfile -t state <"${freezer/%cgroup.freeze/cgroup.events}"
    [[ " ${state[*]} " == *' frozen 1 '* || ${state[0]} == FROZEN ]]
}
# The limit, and whether the destination is still there: CRIU would wait for its answer as long as TCP does, a quarter of an hour. Its input
# is a pipe of which this script alone has the other end: it ends with this script, however that ends.
watch_limit() {
    local begun_cs status limit_cs left_cs now_cs wait_s why='' let_go
    exec 3<&- 4<&- 5<&- 6>&- {names}>&-
    look_at_time
    begun_cs=$now_cs limit_cs=$((10#${limit_s%.*} * 100 + 10#${limit_s#*.} / 10000))
    while [ -z "$why" ]; do
        look_at_time
        left_cs=$((limit_cs - now_cs + begun_cs))
        ((left_cs < 100)) || left_cs=100
        if ((left_cs > 0)); then
            printf -v wait_s '%d.%02d' "$((left_cs / 100))" "$((left_cs % 100))"
            read -r -t "$wait_s" _
            status=$?
            [ "$status" -gt 128 ] || return 0
        fi
        if ((left_cs < 100)); then why=too-long; elif ! kill -0 "$receiver" 2>/dev/null; then why=alone; fi
    done
    decide || return 0
    : >given-up
    mark "dump.$why"
    [ "$why" = alone ] || echo abort >&7
    bash ./give-up "$folder" own 7>&-
    let_go=$?
    look_at_time
    if [ "$let_go" != 0 ]; then mark "dump.stuck it was to be given up ($why), and CRIU does not end"
    elif [ "$why" = too-long ]; then mark "dump.let-go $(((now_cs - begun_cs) * 10000))"
    else mark "dump.failed the destination does not answer any more: $(last receiver.err)"; fi
}
# Sets booted_ms: when the host was started, by the clock of now.
read_boot() {
    local up
    read -r up _ </proc/uptime
    booted_ms=$((${EPOCHREALTIME/[.,]/} / 1000 - 10#${up/./} * 10))
}
# Put back in the meantime, the clock gives files times before `since` that were written after it.
follow_clock() {
    local moved
    read_boot
    moved=$((booted_ms - 10#${booted/./}))
    ((moved >= 0)) || printf -v since '%d.%03d' "$(((10#${since/./} + moved) / 1000))" "$(((10#${since/./} + moved) % 1000))"
}
has_changed() { [ "${#layers[@]}" -gt 0 ] && [ -n "$(find "${layers[@]}" -newerct "@$since" -print -quit)" ]; }
copy_changes() { since=$since sh ./copy >copy.out 2>&1 3<&- 4<&- 5<&- 6>&- 7>&- 8>&- 9<&-; }
freeze() { printf '%s' "$frozen" >"$freezer" || fail "$freezer does not take $frozen"; }

keep_log

# Both ways are open before the freeze: a word or a byte is all that has to travel then.
mark dump.connect
exec 7> >(far_root "bash $far/receive $far" >receiver.out 2>receiver.err)
receiver=$!
exec 8> >(far_root "sh $far/unpack $far" >unpack.out 2>unpack.err)
for ((tries = 0; ; tries++)); do
    if [ -s receiver.out ] && [ -s unpack.out ]; then break; fi
    [ "$tries" -lt 2000 ] || fail "the destination does not listen: $(last receiver.err)"
    pause 0.005
done

mark dump.connected

criu=$(command -v criu) || fail 'no criu in PATH'
chmod 700 bin/*
mkfifo -m 600 status asked answer names
exec 3<>answer 4<>asked 5<>status
exec 6>status # runc wants one that can only be written
exec 5<status # so its end, and CRIU's, can be read there
[ -z "$lazy" ] || words+=(--lazy-pages --status-fd 6)
if [ -s parent ]; then
    read -r newest <parent
    words+=(--parent-path "$newest")
fi
# Once more while the container works, so that the freeze has to wait for nothing but what changes from now on. Written back first, so that
# a mapped page that is written later leaves its mark on the file's times; the clock for those lags behind by a tick, of 10 ms at most.
changed=''
follow_clock
if has_changed; then
    mark dump.copy-early
    begun_ms=$((${EPOCHREALTIME/[.,]/} / 1000 - 100)) changed=1
    if sync -f "${layers[@]}" && copy_changes; then
        read_boot
        printf -v since '%d.%03d' "$((begun_ms / 1000))" "$((begun_ms % 1000))"
        printf -v booted '%d.%03d' "$((booted_ms / 1000))" "$((booted_ms % 1000))"
    fi
    export copied_until=$((${EPOCHREALTIME/[.,]*/} + 2))
    mark dump.copied-early
fi
mark dump.begin
PATH=$folder/bin:$PATH TRANSSHIP_STAGE=$folder TRANSSHIP_CRIU=$criu CRIU_CONFIG_FILE=$folder/criu.conf \
    runc --root "$root" checkpoint --leave-running --image-path images --work-path "$work" ${words[@]+"${words[@]}"} "$id" \
    >runc.out 2>&1 3<&- 4<&- 5<&- 7>&- 8>&- 9<&- &
runc=$!
exec 6>&-
echo "$runc" >runc-pid
# bash may have read a line in the moment in which its time is over: then its status says so, and the word is there
until read -r -t 0.2 -u 4 word || [ -n "$word" ]; do
    kill -0 "$runc" 2>/dev/null || fail "runc checkpoint: $(last runc.out)"
done
# What will send the images waits for their names. It is given what it reads from: were it to open that itself, however late, they might be gone by then.
exec {names}<>names
exec {listed}<names
tar -C images -cf - --verbatim-files-from -T - <&"$listed" >&8 3<&- 4<&- 5<&- 7>&- 9<&- {names}>&- &
sending=$!
exec 8>&- {listed}<&-
exec {alive}> >(watch_limit)
watch=$!
mark dump.freeze
freeze
until is_frozen; do
    ((tries++ < 20000)) || fail 'the container does not freeze'
    pause 0.0002
done
mark dump.frozen
echo go >&3
# Before CRIU unlocks the network at its end: what a frozen container's kernel acknowledged after that would be lost.
for link in ${links[@]+"${links[@]}"}; do ip link set dev "$link" down || fail "link $link could not be cut"; done
# a link that is down loses its routes, one without a carrier keeps them
for link in ${lan_links[@]+"${lan_links[@]}"}; do
    nsenter -t "$pid" -n ip link set dev "$link" protodown on || fail "link $link could not be cut"
done
[ ! -e moving ] || bash ./address "$folder" take || fail "the address could not be taken away: $(last dump.err)"
mark dump.cut
keep_log {alive}>&-

# While CRIU dumps: what changed in the files since they were copied
follow_clock
if has_changed; then
    changed=1
    mark dump.copy-files
    copy_changes {alive}>&- || fail "files could not be copied: $(grep -v ^transship- copy.out | tail -n 1)"
    mark dump.files-copied
fi

if [ -n "$lazy" ]; then
    # A NUL when the images are there, or an end when runc and CRIU are gone. Without a limit of its own: a NUL that bash reads in the moment in
    # which its time is over is lost for ever, and leaves no word.
    read -r -d '' -u 5 _ || fail "runc checkpoint: $(last runc.out)"
else
    wait "$runc" || fail "runc checkpoint: $(last runc.out)"
    mark dump.runc-end
fi
mark dump.images-ready
# CRIU thaws the group while it holds the tasks, and freezes it again when it lets them go: if it dies before, they must not run
freeze
if [ -e decided ]; then # and who has given up meanwhile has let them run, or no longer waits for CRIU
    bash ./give-up "$folder" own 7>&- {alive}>&- {names}>&-
    fail 'the move was given up'
fi
keep_log {alive}>&- {names}>&-
mark dump.send
for image in images/*; do
    [ "$image" = images/rounds ] || printf '%s\n' "${image#images/}"
done >&"$names"
exec {names}>&-
wait "$sending" || fail "the images could not be sent: $(last unpack.err)"
mark dump.images-sent
decide || fail 'the move was given up'
echo "go ${changed:+changed}" >&7 || fail "go could not be said: $(last receiver.err)"
mark dump.go
exec {alive}>&-
[ -n "$lazy" ] || exit 0
wait "$runc"
mark "dump.runc-end $?"
