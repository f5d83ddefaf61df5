#!/bin/sh
# systemd-boot.sh - in a virtual machine that boots systemd, before it: what an initrd does on other hosts, and the network. $ADDRESS as in vm-boot.sh.
set -u
# as Debian's and Ubuntu's initrd leaves it (initramfs-tools, init), small, and nothing can be executed there; systemd takes it as it is
mount -t tmpfs -o nodev,noexec,nosuid,size=10%,mode=0755 tmpfs /run
sh /etc/testbed/network.sh
mkdir -p /var/lib/transship/criu
exec /usr/lib/systemd/systemd
