# shellcheck shell=bash
# Sourced by restore: the watch over runc and CRIU while they restore. There are four ways to wait for ever, and Docker with it: a page daemon that has
# died, a source that is out of reach, a CRIU that has died (its children hold the socket on which runc waits for its word), and nobody who gives up. Of restore it reads
#   folder, work   its folders        runc, criu_pid   processes; runc empty: not started        restore_s   longest that CRIU may take, which is until restore_until_cs
#   pages_from     ADDRESS:PORT where the page daemon asks; empty: there is none
#   descriptors 5 (the FIFO on which CRIU waits for its word), 6 (one on which nothing ever comes), 9 (words)
# No process is started here before the end is decided, but one each five seconds in a restore that takes eight and more.
# shellcheck disable=SC2154  # restore's

# Each is stopped before its children are listed, so that none is born unseen.
kill_below() {
    local children child
    kill -STOP "$1" 2>/dev/null
    read -ra children < <(cat "/proc/$1/task/"*/children 2>/dev/null | tr '\n' ' ')
    for child in ${children[@]+"${children[@]}"}; do kill_below "$child"; done
    kill -KILL "$1" 2>/dev/null
}

# runc cleans up by itself when its CRIU ends.
give_up_restore() {
    [ -n "$runc" ] || return 0
    echo abort >&5
    for ((tries = 0; tries < 500; tries++)); do
        kill -0 "$runc" 2>/dev/null || return 0
        pause 0.01
    done
    kill_below "$runc"
}

# Nobody will ask for its pages, and it would wait for ever.
end_lazy_pages() { [ ! -s "$folder/lazy-pid" ] || kill_below "$(<"$folder/lazy-pid")"; }

# How long CRIU's log is now, which dates its lines: they count from a zero that stands nowhere. No process, some 50 microseconds.
mark_log() {
    local fd before at
    [ -n "$log_fd" ] || for fd in "/proc/$criu_pid/fd/"*; do
        if [ "$fd" -ef "$work/restore.log" ]; then log_fd=${fd##*/}; fi
    done
    before=${EPOCHREALTIME/,/.}
    [ -z "$log_fd" ] || { read -r _ at <"/proc/$criu_pid/fdinfo/$log_fd" && mark "runtime.log-at $at $before"; } 2>/dev/null
}

# Who has ended in good order is dead for a moment, too, until runc has looked at it: the same one in three looks.
is_criu_dead() {
    local children child state
    read -ra children < <(cat "/proc/$runc/task/"*/children 2>/dev/null | tr '\n' ' ')
    for child in ${children[@]+"${children[@]}"}; do
        state=''
        read -r state 2>/dev/null <"/proc/$child/stat"
        [[ $state == *') Z '* ]] || continue
        [ "$child" = "$dead_pid" ] || dead_looks=0
        dead_pid=$child
        ((++dead_looks > 2))
        return
    done
    dead_looks=0
    return 1
}

# TCP repeats for a quarter of an hour what nobody acknowledges. After six times (12.6 s, where the first is after 0.2; ss(8): backoff) the link is held for
# dead, as ssh between the hosts does after 15 s; a request that was just sent after a long silence has none. So is one on which a knock is heard by nobody
# in three looks, five seconds apart.
is_source_gone() {
    local told
    [ -n "$pages_from" ] || return 1
    told=$(ss -tniH dst "${pages_from%:*}" dport = ":${pages_from##*:}")
    if [[ $told == SYN-SENT* ]]; then ((++knocks >= 3)) && return; else knocks=0; fi
    [[ $told =~ [[:space:]]backoff:([0-9]+) ]] && ((BASH_REMATCH[1] >= 6))
}

# In the background, until it is killed: listens for words, dates CRIU's log, and ends what would not end.
watch_restore() {
    local why='' dead_pid='' dead_looks=0 looks=0 knocks=0 wait_look_s word='' ended=''
    while [ -z "$why" ]; do
        wait_look_s=0.2
        if ((++looks < 40)); then wait_look_s=0.01 && mark_log; fi
        read -r -t "$wait_look_s" -u 9 word
        [ -z "$word" ] || why="the word was $word"
        if ((looks < 40 && looks % 20)); then continue; fi
        if is_criu_dead; then why='CRIU is dead'; fi
        # whoever touches a missing page waits for ever then, in the restore, too; one that ends with 0 has brought them all
        read -r ended 2>/dev/null <"$folder/lazy-status" && [ "$ended" != 0 ] && why='the page daemon has ended'
        if ((looks > 40 && looks % 25 == 0)) && is_source_gone; then why='the source acknowledges no request for pages'; fi
        look_at_time
        ((now_cs < restore_until_cs)) || why="it took longer than $restore_s s"
    done
    mark "runtime.killing $why"
    moving silence
    kill_below "$runc"
}
