#!/bin/sh
# boot.sh NAME ADDRESS ROOTFS DATA FOLDER CGROUPS - first process of a test host, in its new namespaces: builds its root and enters it.
#   DATA     holds the host's own layer (upper, work) and docker, a plain folder: overlay2 needs one that is no overlay
#   FOLDER   the set's folder; NAME.init gets this process's line of /proc/PID/stat as the machine sees it
#   CGROUPS  v2, or v1 and the controllers' names: "v1 memory cpu ..."
# All mounts are made in this mount namespace, so that they go when its last process does.
set -eu
name=$1 address=$2 rootfs=$3 data=$4 folder=$5 cgroups=$6

read -r stat </proc/self/stat
printf '%s\n' "$stat" >"$folder/$name.init.new"
mv "$folder/$name.init.new" "$folder/$name.init"

root=$data/root
mount -t overlay overlay -o "lowerdir=$rootfs,upperdir=$data/upper,workdir=$data/work" "$root"
mkdir -p "$root/var/lib/docker" "$root/.old"
mount --bind "$data/docker" "$root/var/lib/docker"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
# nothing can be executed there, as on Debian and Ubuntu, whose initrd mounts it so (initramfs-tools, init)
mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs "$root/run"
mount -t tmpfs -o nosuid,nodev tmpfs "$root/tmp"

mount -t tmpfs -o nosuid,mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue" "$root/dev/net"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o nosuid,nodev tmpfs "$root/dev/shm"
while read -r device major minor; do
    mknod -m 666 "$root/dev/$device" c "$major" "$minor"
done <<EOF
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
fuse 10 229
net/tun 10 200
EOF
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for fd in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${fd%:*}" "$root/dev/${fd#*:}"; done

case $cgroups in
v2) mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup" ;;
*)
    mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs "$root/sys/fs/cgroup"
    for controller in ${cgroups#v1 }; do
        mkdir "$root/sys/fs/cgroup/$controller"
        case $controller in systemd) options=none,name=systemd ;; *) options=$controller ;; esac
        mount -t cgroup -o "nosuid,nodev,noexec,$options" cgroup "$root/sys/fs/cgroup/$controller"
    done
    ;;
esac

hostname "$name"
cd "$root"
pivot_root . .old
# $ADDRESS for init.sh; the environment of whoever typed the command stays outside
exec chroot . /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    ADDRESS="$address" /bin/sh -c 'umount -l /.old && exec tini -- /bin/sh /etc/testbed/init.sh'
