#!/bin/sh
# uncork PID FD - beside a CRIU that sends pages to a page server: takes the cork out of its connection.
# CRIU corks the socket when it has connected (connect_to_page_server in page-xfer.c), and its last message has 24 bytes: it waits in the
# kernel for the timer of corked sockets, 200 ms, while the container stands still. The cork is the socket's, not the descriptor's, so
# whoever gets a copy can take it out: pidfd_getfd(2), Linux 5.6.
#   PID   the process that is to become CRIU   FD   what must not be held: runc learns by its end that CRIU is dead
# It ends with PID, when the cork is out, after half a minute, or when the kernel gives no copy: then the last message waits as ever.
exec perl -e '
    use strict; use warnings; use Errno; use Socket qw(IPPROTO_TCP);
    my ($pidfd_open, $pidfd_getfd) = (434, 438); # asm-generic/unistd.h; the same on all architectures
    my $tcp_cork = 3; # linux/tcp.h
    my ($pid, $held) = @ARGV;
    my $runc; close $runc if open $runc, "<&=", $held;
    open STDIN, "<", "/dev/null"; open STDOUT, ">", "/dev/null";
    my $process = syscall $pidfd_open, $pid + 0, 0;
    exit 1 if $process < 0;

    sub uncork {
        my $copy = syscall $pidfd_getfd, $process, shift() + 0, 0;
        if ($copy < 0) { exit 1 unless $!{EBADF} || $!{ESRCH}; return }
        open my $socket, "+<&=", $copy or return; # closes it when it goes
        my $corked = getsockopt $socket, IPPROTO_TCP, $tcp_cork; # fails on what is no TCP
        return $corked && unpack("i", $corked) && setsockopt $socket, IPPROTO_TCP, $tcp_cork, pack "i", 0;
    }

    for (my $tries = 0; $tries < 15_000 && opendir my $folder, "/proc/$pid/fd"; $tries++) {
        my @sockets = grep { (readlink "/proc/$pid/fd/$_" // "") =~ /^socket:/ } readdir $folder;
        for (@sockets) { exit 0 if uncork($_) }
        select undef, undef, undef, 0.002;
    }' "$@"
