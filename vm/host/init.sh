#!/bin/sh
# Runs in the test host, below tini: network, sshd, dockerd. $ADDRESS: its address with the prefix length.
set -u

sh /etc/testbed/network.sh || exit 1

# cgroup v2 gives controllers only to the children of a group without processes: all that run here go one level down
cd /sys/fs/cgroup || exit 1
if [ -e cgroup.controllers ]; then
    mkdir -p init
    # in a virtual machine the kernel's own threads are among them, which stay where they are
    while read -r pid; do echo "$pid" >init/cgroup.procs; done <cgroup.procs 2>/dev/null
    sed "s/[^ ][^ ]*/+&/g" cgroup.controllers >cgroup.subtree_control
fi
cd /

mkdir -p /run/sshd /var/lib/transship/criu
chmod 755 /run/sshd
# children of tini, not of this shell, which would leave them as zombies
(setsid /usr/sbin/sshd -D -e -f /etc/testbed/sshd_config </dev/null >/var/log/sshd.log 2>&1 &)
/usr/local/sbin/start-dockerd
exec sleep infinity
