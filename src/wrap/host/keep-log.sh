# shellcheck shell=bash
# Sourced by dump: what the container has logged since its log was copied. Docker's json-file begins another file where one is full (log, log.1, …; packed
# as .gz where that was asked for), or the same one anew (max-file=1), as often as it likes, and also while they are looked through. A file is known again by
# its first line, which has its time in it. Nothing goes by the times of the files: those have ticks, and a clock may be set. Of dump it reads
#   log         the container's log; empty: there is none     log_first, log_bytes   cksum(1) of the first line of the file copied last, and how much of it was
#   pause       function: sleep without a process
# `keep_log` adds to images/transship.log what has come since it was called last. Where nothing has, it starts no process.
# shellcheck disable=SC2154  # dump's
log_fd='' log_line='' newer=()

# Is what begins with the line $1 the file that was read last?
is_known() {
    if [ -n "$log_line" ]; then [ "$1" = "$log_line" ]; else [ "$(cksum <<<"$1")" = "$log_first" ]; fi
}

# Sets fd and line: a descriptor of the log's file $1, and its first line as soon as that is whole. Fails where it is just being written.
open_file() {
    local file=$1
    if [ ! -e "$file" ] && [ -e "$file.gz" ]; then
        file=log.unpacked
        rm -f "$file" && zcat "$1.gz" >"$file"
    fi
    fd='' line=''
    exec {fd}<"$file" || return 0
    # opened anew, so that fd goes on where it is
    IFS= read -r line <"/proc/$$/fd/$fd" || [ -z "$line" ] || { line='' && return 1; }
}

# Sets newer: descriptors of the files that are newer than the one read last, oldest first; and log_fd, the first time. Fails where Docker was moving them.
find_newer() {
    local top='' fd line before='' number file=$log missing=0 moved=''
    for fd in ${newer[@]+"${newer[@]}"}; do exec {fd}<&-; done
    newer=()
    exec {top}<"$log"
    for ((number = 1; missing < 2; number++)); do
        open_file "$file" || moved=1
        file=$log.$number
        if [ -z "$fd" ]; then
            ((++missing)) # Docker renames one after the other: where one alone is missing, there are more
        elif [ -z "$line" ] || [ "$line" = "$before" ]; then
            [ -z "$line" ] || moved=1 # it was renamed between two looks
            exec {fd}<&-
        elif ! is_known "$line"; then
            newer=("$fd" ${newer[@]+"${newer[@]}"})
        elif [ -n "$log_fd" ]; then
            exec {fd}<&-
            break
        else
            log_fd=$fd log_line=$line
            dd bs=1 count=0 skip="$log_bytes" <&"$fd"
            break
        fi
        before=$line
    done
    [ -z "$moved" ] && [ -n "$top" ] && [ "/proc/$$/fd/$top" -ef "$log" ]
    moved=$?
    [ -z "$top" ] || exec {top}<&-
    return "$moved"
} 2>/dev/null

keep_rest() {
    local line=''
    if IFS= read -r line <&"$1"; then printf '%s\n' "$line" && cat <&"$1"; else printf '%s' "$line"; fi
}

# Such a file ends before where it was read to, or says something else there.
is_begun_anew() { [ "${#newer[@]}" -gt 0 ] && [ "/proc/$$/fd/${newer[-1]}" -ef "/proc/$$/fd/$log_fd" ]; }

keep_log() {
    local tries fd
    [ -n "$log" ] || return 0
    for ((tries = 1; tries <= 10; tries++)); do
        if ! find_newer; then
            pause 0.001
            # the next time none is moved any more, as the container stands still; unless somebody has removed it
            if ((tries < 10)) || [ -e "$log" ]; then continue; fi
        fi
        [ -z "$log_fd" ] || is_begun_anew || keep_rest "$log_fd"
        [ "${#newer[@]}" -gt 0 ] || return 0
        [ -z "$log_fd" ] || exec {log_fd}<&-
        for log_fd in "${newer[@]}"; do keep_rest "$log_fd"; done
        IFS= read -r log_line <"/proc/$$/fd/$log_fd"
        for fd in "${newer[@]}"; do [ "$fd" = "$log_fd" ] || exec {fd}<&-; done
        newer=()
    done >>images/transship.log
}
