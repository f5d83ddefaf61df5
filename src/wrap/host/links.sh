#!/usr/bin/env bash
# links ANNOUNCE - in the network namespace of a container that has moved here: when a line comes, its macvlan links get their carrier;
# with ANNOUNCE (any word) their addresses are announced. Until somebody hears of an address here, the switch sends to the old place.
set -u
announce=${1:-}
read -r _ || exit
links=()
while read -r line; do
    # 2: eth0@if7: ... link/ether 02:42:0a:4d:00:32 ...
    if [[ $line =~ ^[0-9]+:\ ([^@:]+).*link/ether\ ([0-9a-f:]+) ]]; then links+=("${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"); fi
done < <(ip -o link show type macvlan)
for link in ${links[@]+"${links[@]}"}; do ip link set dev "${link% *}" protodown off; done
[ -n "$announce" ] || exit 0
for link in ${links[@]+"${links[@]}"}; do
    # the kernel brings a carrier up in its own time, and what is sent before is gone
    for ((tries = 0; tries < 100; tries++)); do [[ $(ip -o link show dev "${link% *}") != *NO-CARRIER* ]] && break; done
    # With arp_notify the kernel sends a gratuitous ARP when a link is given its hardware address anew (ip-sysctl.rst); it may be the same.
    echo 1 >"/proc/sys/net/ipv4/conf/${link% *}/arp_notify"
    ip link set dev "${link% *}" address "${link#* }"
done
