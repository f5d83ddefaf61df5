#!/usr/bin/env bash
# address FOLDER WORD - an address of the host that moves along with a container on the host network. FOLDER, private and on memory, has
#   moving    bash: address, device, place (array: the words of `ip address replace`), table (name of the move's own nft table)
# WORD, on the source:
#   take      at the freeze: nothing comes in for it nor goes out from it any more, and it is no address of this host
#   back      it is as it was before, and its neighbours are told; nothing when it was not taken
# on the destination:
#   shut      nothing will come in for it; it is no address of this host yet
#   add       it is, and the neighbours are told: what comes is not let in yet; CRIU binds the sockets to it
#   open      the sockets are there: what comes is let in
#   silence   the container is about to be killed: none of its connections may say FIN or RST (on the source, too)
#   remove    it is no address of this host
# and on either:
#   forget    the rules of this move go
# Each may be said again. FOLDER gets `address-taken` or `address-added`, from before it is done until after it is undone.
# Why the rules: CRIU locks only the connections that it dumps, and only while it works; a kernel without the socket answers RST, and one
# that forwards would send what comes for the address of yesterday on to its new place.
set -u
folder=$1
address='' device='' place=() table=''
# shellcheck source=/dev/null
. "$folder/moving" || exit

# One transaction: there is no moment without the rules. Before connection tracking (netfilter hooks' priorities: -200).
rules() { # in | in out
    local chains="chain in { type filter hook prerouting priority -400; ip daddr $address drop; };"
    [ $# = 1 ] || chains+=" chain out { type filter hook output priority -400; ip saddr $address drop; };"
    nft "add table ip $table; delete table ip $table; table ip $table { $chains }"
}
open() { nft "add table ip $table; delete table ip $table"; }
is_here() { [ -n "$(ip -o -4 address show dev "$device" to "$address")" ]; }
take_away() { ! is_here || ip address del "${place[0]}" dev "$device"; }
# A request and an answer of ARP that nobody asked for (RFC 5227, 3): neighbours that know the address learn its new place, as does the switch.
announce() {
    perl -e '
        my ($device, $address) = @ARGV;
        my ($mac, $index) = map { open my $file, "<", "/sys/class/net/$device/$_" or die "$_: $!\n"; scalar readline $file } "address", "ifindex";
        $mac = pack "H12", $mac =~ s/[:\n]//gr;
        my $ip = pack "C4", split /\./, $address;
        my $to = pack "S n i S C C a8", 17, 0x0806, $index, 1, 0, 6, "\xff" x 6;
        socket my $socket, 17, 3, unpack("S", pack("n", 0x0806)) or die "socket: $!\n";
        for ([1, "\0" x 6], [2, $mac]) {
            my $frame = "\xff" x 6 . $mac . pack("n n n C C n", 0x0806, 1, 0x0800, 6, 4, $_->[0]) . $mac . $ip . $_->[1] . $ip;
            defined send $socket, $frame, 0, $to or die "send: $!\n";
        }' "$device" "$address"
}

case $2 in
take)
    : >"$folder/address-taken"
    rules in out && take_away
    ;;
back)
    [ -e "$folder/address-taken" ] || exit 0
    { ip address replace "${place[@]}" dev "$device" && open && rm -f "$folder/address-taken"; } || exit
    announce &
    ;;
shut) rules in ;;
add)
    : >"$folder/address-added"
    ip address replace "${place[@]}" dev "$device" || exit
    announce & # nobody waits for it: it takes as long as all the rest
    ;;
open)
    open || exit
    announce & # once more: a frame may be lost
    ;;
silence)
    [ -e "$folder/address-added" ] || [ -e "$folder/address-taken" ] || exit 0
    # ss(8) -K: what they would say of their end finds no way out. A kernel without INET_DIAG_DESTROY leaves them to the rules, and to time.
    rules in out && { ss -tnHK state connected src "$address" >/dev/null 2>&1 || :; }
    ;;
remove)
    [ ! -e "$folder/address-added" ] || take_away || exit
    open && rm -f "$folder/address-added"
    ;;
forget) open ;;
*)
    echo "address: $2 is no word" >&2
    exit 2
    ;;
esac
