#!/bin/sh
# vm-boot.sh - first program of a test host that is a virtual machine; what the kernel mounted is / and /dev.
# $ADDRESS: its address with the prefix length, from the kernel's command line. Says on the console when Docker answers.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev tmpfs /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
mount -t tmpfs -o nosuid,nodev tmpfs /tmp
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
mkdir -p /run/lock /usr/lib/modules
mount -t ext4 -o ro LABEL=modules /usr/lib/modules
for link in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
    ln -sfn "${link#*:}" "/dev/${link%%:*}"
done
hostname -F /etc/hostname
# no udev that would load them; the rest is loaded by the kernel when it is asked for, or by dockerd
modprobe -q -a virtio_pci virtio_net tun
echo "transship: booted $(uname -r)" >/dev/console

(
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
        [ "$tries" -ne 600 ] || tail -n 15 /var/log/dockerd.log >/dev/console
        sleep 0.2
    done
    # more than once: an emulated serial port on a busy machine can lose an interrupt, and what was written then waits for the next word
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        echo 'transship: docker answers' >/dev/console
        sleep 1
    done
) </dev/null >/dev/null 2>&1 &
exec tini -- /bin/sh /etc/testbed/init.sh
