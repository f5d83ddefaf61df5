#!/bin/sh
# vm-boot.sh - first program of a test host that is a virtual machine; what the kernel mounted is / and /dev.
# $ADDRESS: its address with the prefix length, from the kernel's command line. Says on the console when Docker answers.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mkdir -p /usr/lib/modules
mount -t ext4 -o ro LABEL=modules /usr/lib/modules
# no udev that would load them; the rest is loaded by the kernel when it is asked for, or by dockerd
modprobe -q -a virtio_pci virtio_net tun
echo "transship: booted $(uname -r)" >/dev/console
[ ! -e /etc/testbed/systemd-boot.sh ] || exec sh /etc/testbed/systemd-boot.sh

mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev tmpfs /dev/shm
mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs /run # as in boot.sh
mount -t tmpfs -o nosuid,nodev tmpfs /tmp
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
mkdir -p /run/lock
for link in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
    ln -sfn "${link#*:}" "/dev/${link%%:*}"
done
hostname -F /etc/hostname
sh /etc/testbed/ready.sh </dev/null >/dev/null 2>&1 &
exec tini -- /bin/sh /etc/testbed/init.sh
