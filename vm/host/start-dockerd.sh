#!/bin/sh
# start-dockerd - in a test host: starts dockerd, also again after it was killed. Its log: /var/log/dockerd.log
if [ -e /sys/fs/cgroup/init/cgroup.procs ]; then echo $$ >/sys/fs/cgroup/init/cgroup.procs; fi
rm -f /var/run/docker.pid
# what notes the calls of runc, criu and the shim during a traced move
PATH=/usr/local/lib/testbed/calls:$PATH
(setsid /usr/sbin/dockerd --experimental --debug </dev/null >>/var/log/dockerd.log 2>&1 &)
