#!/usr/bin/env bash
# give-up FOLDER - on the source: sees to it that `go` is never said, and lets the container go on. With `after-go` as second word the
# destination is known not to run; with `own` dump itself gives up. Prints `went` and does nothing when go was said already, else `thawed`.
# FOLDER: as of dump; settings also has thawed (word for the freezer), and may have end_s (longest that a CRIU may take to end, in seconds).
set -u
trap '' HUP PIPE
folder=$1
# shellcheck source=src/wrap/host/mark.sh
. "${BASH_SOURCE[0]%/*}/mark"
cd "$folder" || exit
freezer='' thawed='' work='' lazy='' links=() lan_links=() pid='' words=() end_s=30
# shellcheck source=/dev/null
. ./settings
if decide; then : >given-up; fi
if ! [ -e given-up ] && [ "${2:-}" != after-go ]; then
    echo went
    exit 0
fi
exec 9<> <(:)
kill_runc() {
    read -ra children < <(cat "/proc/$1/task/"*/children | tr '\n' ' ')
    kill -KILL ${children[@]+"${children[@]}"} "$1"
}
# CRIU outlives a runc that was killed, and freezes the container anew at its end. It has images open; its title lies over its environment.
orphans() {
    local process name
    for process in /proc/[0-9]*; do
        read -r name <"$process/comm"
        [ "$name" != criu ] || [ -z "$(find "$process/fd" -lname "$folder/*" -print -quit)" ] || echo "${process#/proc/}"
    done 2>/dev/null
}
# Where the network is gone CRIU waits for the page server in a call that no signal may end, a quarter of an hour: ss(8) -K ends the connection
cut_channel() {
    [ "${words[0]:-}" != --page-server ] || [ -n "$lazy" ] || ss -K dst "${words[1]%:*}" dport = ":${words[1]##*:}" >/dev/null 2>&1
}
# In mid-dump CRIU's code is in the tasks: it ends by itself then. Before, it waits for us; and when the images are ready it waits for a reader
# of the pages, as its log says, whatever has become of the dump that would have noted it (cr_lazy_mem_dump, cr_page_server).
may_be_killed() {
    grep -q ' dump.images-ready' marks || ! grep -q ' dump.frozen' marks ||
        { [ -n "$lazy" ] && [ "$work/dump.log" -nt runc-pid ] && grep -q 'Starting page server on port' "$work/dump.log"; }
}
# So it has to find its own way out: by an error when it writes. A page server is out of reach, and images find no more room. CRIU stands still
# meanwhile, as nothing may be less than what is used.
stop_dump() {
    local used_kb=''
    kill -STOP "$@"
    { read -r _ && read -r used_kb; } < <(df -k --output=used images)
    ((used_kb += 0)) || used_kb=4 # none would be no limit
    mount -o "remount,size=${used_kb}k" images
    kill -CONT "$@"
}
# Sets crius: those of runc, or those that have outlived it.
find_crius() {
    crius=("${left[@]}")
    if [ "${left[0]}" = "$runc" ]; then read -ra crius < <(cat "/proc/$runc/task/"*/children 2>/dev/null | tr '\n' ' '); fi
}
crius=() runc='' is_stopped='' now_cs='' until_cs=''
if grep -qE ' dump\.runc-end( 0)?$' marks; then
    runc=ended # it waits for its CRIU, and both have done what they had to do
elif [ -s runc-pid ]; then
    read -r runc <runc-pid
    cut_channel
    look_at_time
    until_cs=$((now_cs + end_s * 100))
    while look_at_time && ((now_cs < until_cs)); do
        if kill -0 "$runc" 2>/dev/null; then left=("$runc"); else mapfile -t left < <(orphans); fi
        [ "${#left[@]}" -gt 0 ] || break
        if may_be_killed; then
            for each in "${left[@]}"; do kill_runc "$each"; done
            break
        elif [ -z "$is_stopped" ]; then
            find_crius
            [ "${#crius[@]}" = 0 ] || { is_stopped=1 && stop_dump "${crius[@]}"; }
        fi
        read -r -t 0.01 -u 9 _
    done
    # it holds the tasks, and would freeze the container anew
    if ((now_cs >= until_cs)); then
        find_crius
        [ "${#crius[@]}" -gt 0 ] || crius=("$runc")
        echo "CRIU does not end (process ${crius[*]})" >&2
        exit 1
    fi
fi
# A script that was about to freeze the container, or to cut its link, would do so after it was let go here.
if [ "${2:-}" != own ] && [ -s script-pid ]; then
    read -r script <script-pid
    [ "$(tr '\0' ' ' <"/proc/$script/cmdline")" != "bash $folder/dump $folder " ] || kill -KILL "$script"
fi 2>/dev/null
if [ -z "$runc" ] && [ -s runc-pid ]; then kill_runc "$(cat runc-pid)"; fi
for link in ${links[@]+"${links[@]}"}; do ip link set dev "$link" up; done
for link in ${lan_links[@]+"${lan_links[@]}"}; do nsenter -t "$pid" -n ip link set dev "$link" protodown off; done
[ ! -e moving ] || bash ./address "$folder" back || mark give-up.address-failed
printf '%s' "$thawed" >"$freezer" || exit
mark give-up.thawed
echo thawed
# Whoever sent it something meanwhile asked for its hardware address in vain, and asks again a second later (arp(7), retrans_time): anew now
for link in ${links[@]+"${links[@]}"}; do
    bridge=$(readlink "/sys/class/net/$link/master") && ip neigh flush dev "${bridge##*/}" nud incomplete nud failed
done </dev/null >/dev/null 2>&1 9<&- & # nobody waits for it
exit 0
