#!/usr/bin/perl
# docker-answers - in a test host: whether dockerd answers, as `docker version` asks, by a program that begins more quickly: dockerd has one
# emulated processor to start on. It listens before it answers, so that mostly this waits, and does not poll.
my ($unix, $stream) = (1, 1);    # AF_UNIX, SOCK_STREAM by their numbers: no module
socket my $dockerd, $unix, $stream, 0 or exit 1;
connect $dockerd, pack 'S a*', $unix, '/run/docker.sock' or exit 1;
syswrite $dockerd, "GET /_ping HTTP/1.0\r\n\r\n" or exit 1;
sysread $dockerd, my $answer, 99;
exit($answer =~ m{^HTTP/\S+ 200} ? 0 : 1);
