#!/usr/bin/env bash
# network FOLDER - on the destination, while `create` waits: has Docker's own hook set up the container's network in a namespace made for
# it, so that the restore has but to join it. FOLDER has
#   hook     bash: hook (array: file, its name, words), state (what the hook reads; PID stands for a process)
#   sysctls  lines `NAME VALUE`, names as below /proc/sys: those of the container's network
# and gets
#   network  bash: netns (where Docker has bound the namespace to), lan_links (array: macvlan links. Their addresses live on the source
#            as well: they have no carrier until the restore is done)
set -u
trap '' HUP PIPE
folder=$1
cd "$folder" || exit
hook=() state='' lan_links=()
# shellcheck source=/dev/null
. ./hook

fail() {
    echo "$*" >&2
    exit 1
}

exec 3< <(exec unshare -n sh -c 'ip link set lo up && echo "$$" && exec sleep 60')
read -r pid <&3 || fail 'no network namespace could be made'
trap 'kill "$pid"' EXIT

# On the LAN nothing may be heard of addresses that live elsewhere: no answer to ARP, no IPv6 address that would look for its double.
quiet='net/ipv4/conf/all/arp_ignore 8
net/ipv6/conf/default/disable_ipv6 1'
# shellcheck disable=SC2016  # for the inner shell
nsenter --net="/proc/$pid/ns/net" bash -c '
    while read -r name value; do echo "$value" >"/proc/sys/$name" || exit; done <sysctls
    while read -r name value; do
        [ ! -e "/proc/sys/$name" ] || { echo "$name $(<"/proc/sys/$name")" && echo "$value" >"/proc/sys/$name"; } || exit
    done' <<<"$quiet" >loud || fail 'a sysctl of the container cannot be set'
# shellcheck disable=SC2016
timeout 20 bash -c 'exec -a "$1" "$0" "${@:2}"' "${hook[@]}" <<<"${state//PID/$pid}" >&2 || fail "Docker's hook has failed"

mapfile -t lan_links < <(nsenter --net="/proc/$pid/ns/net" ip -o link show type macvlan | sed -n 's/^[0-9]*: \([^@:]*\)@.*/\1/p')
for link in ${lan_links[@]+"${lan_links[@]}"}; do
    nsenter --net="/proc/$pid/ns/net" ip link set dev "$link" protodown on || fail "link $link could not be kept down"
done
# shellcheck disable=SC2016
nsenter --net="/proc/$pid/ns/net" bash -c 'while read -r name value; do echo "$value" >"/proc/sys/$name" || exit; done' <loud ||
    fail 'a sysctl could not be put back'

netns=$(awk -v namespace="net:[$(stat -Lc %i "/proc/$pid/ns/net")]" '$4 == namespace { print $5; exit }' /proc/self/mountinfo)
[ -n "$netns" ] || fail 'Docker has not bound the namespace'
{
    printf 'netns=%q lan_links=(' "$netns"
    [ "${#lan_links[@]}" = 0 ] || printf '%q ' "${lan_links[@]}"
    echo ')'
} >network
echo "$netns"
