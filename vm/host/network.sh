#!/bin/sh
# network.sh - in a test host: its link, once it is there. $ADDRESS: its address with the prefix length.
# By IPv6 it has fd00:77::N, N the last number of that one (vm/ipv6.ts), where the kernel has IPv6.
set -u
ip link set lo up
# in namespaces the other end of the wire is put in here from outside
tries=0
until ip link show eth0 >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || exit 1
    sleep 0.05
done
ip address add "$ADDRESS" dev eth0
own=${ADDRESS%/*}
ip address add "fd00:77::${own##*.}/64" dev eth0 nodad
ip link set eth0 up
# a second card, by which a set of no root's is reached from outside
if read -r way_in 2>/dev/null </etc/testbed/way-in; then
    ip address add "$way_in" dev eth1
    ip link set eth1 up
fi
