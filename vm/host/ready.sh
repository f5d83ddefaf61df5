#!/bin/sh
# ready.sh - in a test host that is a virtual machine: says on its console when Docker answers, or why it is of no use.
set -u
tries=0 seen=''
until docker-answers 2>/dev/null; do
    tries=$((tries + 1))
    # on a busy machine dockerd can give its containerd up ("timeout waiting for containerd to start"), and ends
    if pidof dockerd >/dev/null; then
        seen=yes
    elif [ -n "$seen" ]; then
        seen=''
        start-dockerd
    fi
    [ "$tries" -ne 600 ] || tail -n 15 /var/log/dockerd.log 2>/dev/null || journalctl -q -n 15 --no-pager -o cat -u docker -u containerd
    sleep 0.2
done >/dev/console 2>/dev/null
word='docker answers'
if [ -d /run/systemd/system ]; then
    # such a set is for what AppArmor does: without it, it would be another one
    case $(docker info -f '{{.SecurityOptions}}') in
    *name=apparmor*) ;;
    *) word="cannot: Docker has no AppArmor on kernel $(uname -r) (/sys/module/apparmor/parameters/enabled: $(cat /sys/module/apparmor/parameters/enabled))" ;;
    esac
fi
# more than once: an emulated serial port on a busy machine can lose an interrupt, and what was written then waits for the next word
for _ in 1 2 3 4 5 6 7 8 9 10; do
    echo "transship: $word" >/dev/console
    sleep 1
done
