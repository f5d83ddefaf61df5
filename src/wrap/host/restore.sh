#!/usr/bin/env bash
# restore FOLDER RUNC-WORDS... - a runc call on a container that is staged for a restore. FOLDER, private and on memory, has
#   settings    bash: wait_s, begin_s, restore_s (limits: until the go, for runc until CRIU could begin, for CRIU), work (CRIU's work folder), merged (where the root file system is mounted),
#               words (array: more words for `runc restore`), pages_from (ADDRESS:PORT where the page daemon asks), announce (1: the addresses of its own macvlan links have moved along)
#   images/     CRIU's images, complete when `go` has been said
#   moving, address    where an address of the host moves along: what address needs, and it
#   go          FIFO, one word a line: `prepare` (have runc ready), `go`, `go-remounted` (files changed below the mounted root), `abort`
#   bin         what stands before CRIU there, and before its tar
#   criu.conf   CRIU's options for this restore alone
#   network     bash, of `network`, where that has set the network up already; config.json in the bundle says so, too
#   config.json the bundle's own, then
#   sysctls     lines `NAME VALUE`, names as below /proc/sys: those of the container's network, which CRIU does not carry over
# and gets
#   bundle      where the bundle lies
#   waiting     from here on a word is heard
#   prepared    runc has done all that it does before CRIU restores, and waits
#   decided     who makes this has decided: this script to restore, anybody else that it never may
#   restored    the container runs
#   not-put-back  runc's file that does not say again what it said before
#   marks       lines `SECONDS.MICROSECONDS what`, by this host's clock
set -u
here=${BASH_SOURCE[0]%/*}
folder=$1
shift
# shellcheck source=src/wrap/host/mark.sh
. "$here/mark"
# shellcheck source=src/wrap/host/restore-watch.sh
. "$here/restore-watch"

# Not by way of what notes calls: it would cost downtime here, and our marks tell more. containerd puts a folder of its own before all others.
[[ :$PATH: =~ :/usr/local/lib/[^:/]+/calls: ]] && path=:$PATH: && path=${path/"${BASH_REMATCH[0]}"/:} && path=${path#:} && PATH=${path%:}
global=() log=''
while [ $# -gt 0 ]; do
    case $1 in
    --root | --log | --log-format | --criu | --rootless)
        [ "$1" != --log ] || log=${2:-}
        global+=("$1" "${2:-}")
        shift
        ;;
    -*) global+=("$1") ;;
    *) break ;;
    esac
    shift
done
command=${1:-}
id=${*: -1}

if [ "$command" = start ] && [ -e "$folder/restored" ]; then
    mark runtime.start
    rm -f "/run/transship/restore/$id"
    exit 0
fi
[ "$command" = create ] || exec runc ${global[@]+"${global[@]}"} "$@"
create=("${@:2:$#-2}")

# Docker shows the last line of runc's own log
refuse() {
    mark "runtime.refused $*"
    give_up_restore
    end_lazy_pages
    moving remove
    [ -z "$log" ] || printf '{"level":"error","msg":"transship: %s"}\n' "$*" >>"$log"
    echo "transship: $*" >&2
    exit 1
}

# An address of the host that moves along.
moving() { [ ! -e "$folder/moving" ] || bash "$folder/address" "$folder" "$1" </dev/null >>"$folder/address.out" 2>&1 4<&- 5>&- 6<&- 9<&-; }

remount() {
    local options bound=''
    options=$(awk -v at="$merged" '$5 == at { print $NF }' /proc/self/mountinfo)
    [ -n "$options" ] || refuse "$merged is not mounted"
    # where runc binds the root to, before it starts CRIU
    ! mountpoint -q "$state/criu-root" || { bound=1 && umount "$state/criu-root"; } || refuse "$merged is still in use"
    # relative layers count from there; mount(2), as the newer calls take no option of more than 255 bytes
    (
        cd "${merged%/*/*}" && umount "$merged" && LIBMOUNT_FORCE_MOUNT2=always mount -t overlay -o "$options" overlay "$merged"
    ) || refuse "$merged could not be mounted again"
    [ -z "$bound" ] || mount --rbind "$merged" "$state/criu-root" || refuse "$merged could not be bound again"
}

# What the container has logged since its log was copied: dockerd has the log open by now, and must write that itself.
# JSON's escapes are those of printf, as far as Go writes them, and longer than what they stand for.
# containerd reads its pipes only when create has returned (pkg/process/init.go): what is more than fits in would be written for ever.
replay() {
    local text
    text=$(sed -n "s/^{\"log\":\"\(.*\)\",\"stream\":\"$1\",.*/\1/p" "$folder/images/transship.log" | tr -d '\n')
    bytes_of "$text"
    if ((bytes < 60000)) || holds "$((bytes + 8192))"; then
        printf '%b' "$text"
    else # among what the container goes on to say, and not lost
        mark "runtime.replays-beside $bytes"
        printf '%b' "$text" <&- 4<&- 5>&- 6<&- 9<&- &
    fi
}
bytes_of() {
    local LC_ALL=C
    bytes=${#1}
}
# fcntl(2), F_SETPIPE_SZ: above fs.pipe-max-size with CAP_SYS_RESOURCE alone
holds() { perl -e 'exit(fcntl(STDOUT, 1031, $ARGV[0] + 0) ? 0 : 1)' "$1"; }

# What was changed so that runc joins a namespace: afterwards the container is as any other, and can leave as any other. runc's file is edited as text:
# whether it said what was looked for is seen afterwards.
put_back() {
    local config
    config=$(<"$folder/bundle")/config.json
    sed -i "s|{\"type\":\"NEWNET\",\"path\":\"$netns\"}|{\"type\":\"NEWNET\",\"path\":\"\"}|
        s|\"NEWNET\":\"$netns\"|\"NEWNET\":\"/proc/$pid/ns/net\"|" "$state/state.json"
    cat "$folder/config.json" >"$config"
    if grep -qF "$netns" "$state/state.json" "$config" || ! grep -qF "\"NEWNET\":\"/proc/$pid/ns/net\"" "$state/state.json"; then
        echo "$state/state.json" >"$folder/not-put-back"
        mark "runtime.not-put-back $state/state.json"
    fi
}

# CRIU binds a link itself where runc's create follows it (mount-v2.c, AT_SYMLINK_NOFOLLOW), as Debian's docker-init is one.
follow_links() {
    local config source real
    config=$(<"$folder/bundle")/config.json
    while read -r source; do
        real=$(readlink -e "$source") || continue
        case $source$real in "$source$source" | *[\\\|\&]*) continue ;; esac
        sed -i "s|\"source\":\"$source\"|\"source\":\"$real\"|" "$config"
    done < <(grep -o '"source":"/[^"]*"' "$config" | sed 's/^"source":"//; s/"$//')
}

# Its CRIU, ours in fact, holds the request to restore until it is told.
start_restore() {
    # shellcheck source=/dev/null
    [ ! -e "$folder/network" ] || . "$folder/network"
    follow_links
    mark runtime.restore
    PATH=$folder/bin:$PATH TRANSSHIP_STAGE=$folder TRANSSHIP_CRIU=$criu CRIU_CONFIG_FILE=$folder/criu.conf \
        runc ${global[@]+"${global[@]}"} restore --detach --image-path "$folder/images" --work-path "$work" \
        ${words[@]+"${words[@]}"} ${create[@]+"${create[@]}"} "$id" <&0 4<&- 5>&- 9<&- &
    runc=$!
    # bash may have read a line in the moment in which its time is over: then its status says so, and the word is there
    local asked='' begin_until_cs
    look_at_time
    begin_until_cs=$((now_cs + begin_s * 100))
    until read -r -t 0.2 -u 4 asked || [ -n "$asked" ]; do
        look_at_time
        ((now_cs < begin_until_cs)) || { kill_below "$runc" && refuse "runc restore did not begin within $begin_s s"; }
        kill -0 "$runc" 2>/dev/null && continue
        wait "$runc"
        mark "runtime.restored $?"
        end_lazy_pages
        moving remove
        exit 1 # runc has said why, in its log
    done
    criu_pid=${asked#* }
    mark runtime.prepared
    : >"$folder/prepared"
}

# One deadline for all words, since Docker hangs as long as `create` does.
hear() {
    local left_s
    look_at_time
    printf -v left_s '%d.%02d' $(((until_cs - now_cs) / 100)) $(((until_cs - now_cs) % 100))
    { ((now_cs < until_cs)) && read -r -t "$left_s" -u 9 word; } || refuse "nobody said go within $wait_s s"
}
pause() { read -r -t "$1" -u 6 _; } # sleep without a process

wait_s=600 restore_s=600 begin_s=60 now_cs='' work=$folder/work merged='' announce='' pages_from='' words=() netns='' lan_links=() runc='' state='' criu_pid='' log_fd='' bytes=''
# shellcheck source=/dev/null
. "$folder/settings"
[[ " ${global[*]} " =~ \ --root\ ([^ ]+) ]] && state=${BASH_REMATCH[1]}/$id
criu=$(command -v criu) || refuse 'no criu in PATH'
sed -n 's/.*--bundle \([^ ]*\).*/\1/p' <<<"${create[*]}" >"$folder/bundle"
mkfifo -m 600 "$folder/asked" "$folder/answer"
exec 4<>"$folder/asked" 5<>"$folder/answer" 6<> <(:) 9<>"$folder/go"
moving shut || refuse 'the address that moves along could not be shut'
look_at_time
until_cs=$((now_cs + wait_s * 100))
: >"$folder/waiting"
mark runtime.waiting
hear
if [ "$word" = prepare ]; then
    look_at_time
    ((now_cs + begin_s * 100 <= until_cs)) || begin_s=$(((until_cs - now_cs) / 100 + 1))
    start_restore
    hear
fi
mark "runtime.heard $word"
case $word in go | go-remounted) ;; *) refuse 'the move was given up' ;; esac
decide || refuse 'the move was given up'
[ "$word" = go ] || remount
if [ -s "$folder/images/transship.log" ]; then
    replay stdout
    replay stderr >&2
fi
mark runtime.mounted

moving add || refuse 'the address that moves along could not be added'
[ -n "$runc" ] || start_restore
if [[ " ${words[*]} " == *' --lazy-pages '* ]]; then
    for ((tries = 0; ; tries++)); do
        [ -S "$work/lazy-pages.socket" ] && break
        if [ "$tries" -ge 5000 ] || [ -e "$folder/lazy-status" ]; then
            refuse "criu lazy-pages does not listen: $(tail -n 1 "$folder/lazy.out")"
        fi
        pause 0.001
    done
    mark runtime.page-daemon
fi
look_at_time
restore_until_cs=$((now_cs + restore_s * 100))
mark runtime.criu
echo go >&5
# started now, as the links come up once the restore is done: whoever knocks earlier finds nobody, and would be sent away
if [ "${#lan_links[@]}" -gt 0 ]; then
    exec 8> >(exec nsenter --net="$netns" bash "$here/links" "$announce" >/dev/null 2>&1 4<&- 5>&- 9<&-)
    linking=$!
fi
watch_restore </dev/null >/dev/null 2>&1 4<&- 5>&- 8>&- &
watchdog=$!
wait "$runc"
status=$?
kill "$watchdog" 2>/dev/null
mark "runtime.restored $status"
if [ "$status" != 0 ]; then
    end_lazy_pages
    moving silence
    # What a killed CRIU has left goes to the shim, which has no other children yet, and waits as long as they hold its pipes
    read -ra left < <(cat "/proc/$PPID/task/"*/children 2>/dev/null | tr '\n' ' ')
    for child in ${left[@]+"${left[@]}"}; do [ "$child" = $$ ] || kill -KILL "$child" 2>/dev/null; done
    moving remove
else
    moving open
    read -r pid <"$(sed -n 's/.*--pid-file \([^ ]*\).*/\1/p' <<<"${create[*]}")"
    if [ "${#lan_links[@]}" -gt 0 ]; then
        echo up >&8
        exec 8>&-
        wait "$linking"
    elif [ -n "$announce" ]; then
        nsenter -t "$pid" -n bash "$here/links" 1 <<<up
    fi
    if [ -n "$netns" ]; then
        put_back
    elif [ -s "$folder/sysctls" ]; then
        # shellcheck disable=SC2016  # for the inner shell
        nsenter -t "$pid" -n bash -c 'while read -r name value; do echo "$value" >"/proc/sys/$name"; done' <"$folder/sysctls"
    fi
    : >"$folder/restored"
    # Who knocked at the container's address before it was there is asked for again by ARP only after a second, unless that is forgotten
    ip neigh flush nud incomplete 2>/dev/null
    mark runtime.announced
fi
exit "$status"
