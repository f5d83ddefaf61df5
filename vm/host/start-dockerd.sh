#!/bin/sh
# start-dockerd - in a test host: starts dockerd, also again after it was killed. Its log: /var/log/dockerd.log
# Its own spans, and containerd's, go to a port of this host where a move listens while it lasts; nobody else does.
if [ -d /run/systemd/system ]; then
    systemctl reset-failed docker containerd
    exec systemctl start docker
fi
if [ -e /sys/fs/cgroup/init/cgroup.procs ]; then echo $$ >/sys/fs/cgroup/init/cgroup.procs; fi
rm -f /var/run/docker.pid
export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_BSP_SCHEDULE_DELAY=200
# what notes the calls of runc, criu and the shim during a traced move
PATH=/usr/local/lib/testbed/calls:$PATH
(setsid /usr/sbin/dockerd --experimental --debug </dev/null >>/var/log/dockerd.log 2>&1 &)
