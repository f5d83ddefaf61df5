#!/usr/bin/env bash
# pre-dump FOLDER N - on the source: one round of a pre-copy. CRIU freezes the running container for a moment, takes the pages that have
# changed since round N-1, lets it go on, and writes them; then they are sent. FOLDER, private and on memory, has
#   settings    bash: id, root (runc's state), work (CRIU's work folder), far_root (function: its word is run as root on the destination),
#               far (FOLDER there), round_s (longest that CRIU may take)
#   criu.conf   CRIU's options for this move alone
# and gets
#   images/rounds/N    what CRIU wrote, here and on the destination; each has a link `parent` to the one before, so they lie side by side
#   parent             the last round that lies whole on both hosts, for the dump's --parent-path
#   pre-dump-pid       this script, while it runs
#   marks              lines `SECONDS.MICROSECONDS what`, by this host's clock; also on standard output. Among them
#                      `pre-dump.pages N WRITTEN SKIPPED FROZEN_US` (CRIU's statistics) and `pre-dump.sent N BYTES`
# The container is not frozen by us, nor its link cut: it must go on. A round that fails spoils the ones to come: the kernel has begun to
# count changes anew, and nobody has those before. There is no other way out than to give up the move.
set -u
umask 077
trap '' HUP PIPE
folder=$1
round=$2
# shellcheck disable=SC2034  # mark's
tell=1
# shellcheck source=src/wrap/host/mark.sh
. "${BASH_SOURCE[0]%/*}/mark"
cd "$folder" || exit
id='' root='' work='' far='' round_s=600
far_root() { false; }
# shellcheck source=/dev/null
. ./settings
exec 2>>pre-dump.err
echo $$ >pre-dump-pid
trap 'rm -f pre-dump-pid' EXIT

fail() {
    rm -f parent
    mark "pre-dump.failed $*"
    exit 1
}
last() { tail -n 1 "$1" 2>/dev/null; }

# `WRITTEN SKIPPED FROZEN_US` of a stats-dump (criu/images/stats.proto): two magics, a length, a stats_entry whose field 1 is the dump's:
# 2 frozen_time, 6 pages_skipped_parent, 7 pages_written. Zero is written, too; what is missing is no number.
statistics() {
    perl -e '
        local $/; my $bytes = <STDIN>;
        my ($service, $stats, $size, $entry) = unpack "VVVa*", $bytes;
        die "no statistics\n" unless $service == 0x55105940 && $stats == 0x57093306 && length($entry) >= $size;
        sub number { my $n = 0; for (my $s = 0; ; $s += 7) { my $b = ord substr $_[0], $_[1]++, 1; $n |= ($b & 127) << $s; return $n if $b < 128 } }
        my ($at, %field) = 0;
        die "no dump\n" unless number($entry, $at) == 10;
        my $end = number($entry, $at) + $at;
        while ($at < $end) { my $key = number($entry, $at); die "field $key\n" if $key & 7; $field{$key >> 3} = number($entry, $at) }
        print join(" ", map { $field{$_} // die "no field $_\n" } 7, 6, 2), "\n"' <"$1"
}

images=images/rounds/$round
words=()
if ((round > 1)); then
    [ -s parent ] || fail "round $((round - 1)) is not whole"
    words=(--parent-path "../$((round - 1))") # runc takes none but a relative one, and the link must lead there on the destination, too
fi
mkdir -p images/rounds
rm -f "$work/dump.log" "$work/stats-dump" # a file that was there would keep its birth, which dates the log
mark "pre-dump.begin $round"
CRIU_CONFIG_FILE=$folder/criu.conf timeout --signal=KILL "$round_s" \
    runc --root "$root" checkpoint --pre-dump --image-path "$images" --work-path "$work" ${words[@]+"${words[@]}"} "$id" >pre-dump.out 2>&1
status=$?
mark "pre-dump.runc-end $status"
# the next round, and the dump, write files of the same names
for file in dump.log stats-dump; do
    [ ! -e "$work/$file" ] || mv "$work/$file" "$work/$round-${file/#dump/pre-dump}"
done
[ "$status" = 0 ] || fail "runc checkpoint --pre-dump: $(last pre-dump.out)"
pages=$(statistics "$work/$round-stats-dump") || fail "CRIU's statistics cannot be read: $(last pre-dump.err)"
mark "pre-dump.pages $round $pages"

mark "pre-dump.send $round"
tar -C images -cf - "rounds/$round" | far_root "tar -C $far/images -xpf -"
[ "${PIPESTATUS[*]}" = '0 0' ] || fail "round $round could not be sent: $(last pre-dump.err)"
read -r bytes _ < <(du -sb "$images")
mark "pre-dump.sent $round $bytes"
echo "rounds/$round" >parent
