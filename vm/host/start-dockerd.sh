#!/bin/sh
# start-dockerd - in a test host: starts dockerd, also again after it was killed. Its log: /var/log/dockerd.log
if [ -e /sys/fs/cgroup/init/cgroup.procs ]; then echo $$ >/sys/fs/cgroup/init/cgroup.procs; fi
rm -f /var/run/docker.pid
(setsid /usr/sbin/dockerd --experimental --debug </dev/null >>/var/log/dockerd.log 2>&1 &)
