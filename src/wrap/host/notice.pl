# notice FILE OUT - follows FILE, to which wrappers append their calls (call.sh), and writes to OUT, a line each:
#   begin PID SECONDS.MICROSECONDS        it was noticed; the pace of the calls is not touched
#   end PID SECONDS.MICROSECONDS STATUS   the process ended; its exit status, 128 + signal, or `-` where the kernel does not tell others than
#                                         its parent (PIDFD_INFO_EXIT, Linux 6.15)
# Ends with its standard input.
use strict; # and nothing else: perl-base has no Time::HiRes
$0 = 'transship-watch'; # a host's list of processes says what it is

my ($file, $out) = @ARGV;
open my $log, '>>', $out or die "$out: $!\n";
open my $calls, '<:raw', $file or die "$file: $!\n";
# inotify(7), so that nothing is polled; the numbers of inotify_init1, inotify_add_watch and clock_gettime on the two architectures that
# Docker hosts have
my ($init, $add, $clock) = `uname -m` =~ /^(aarch64|arm64)/ ? (26, 27, 113) : (294, 254, 228);
my $notify = syscall($init, 0);
$notify = -1 if $notify >= 0 && syscall($add, $notify, $file, 2) < 0; # IN_MODIFY
my $notices;
open $notices, '<&=', $notify if $notify >= 0;
my ($pidfd_open, $get_info, $info_exit) = (434, 0xC040FF0B, 8); # include/uapi/linux/pidfd.h: PIDFD_GET_INFO, PIDFD_INFO_EXIT
my (%living, @ended, $rest);

sub now { my $time = "\0" x 16; syscall $clock, 0, $time; my ($s, $ns) = unpack 'qq', $time; sprintf '%d.%06d', $s, $ns / 1000 }
sub note { syswrite $log, "@_\n" }

sub take_calls {
    while (sysread $calls, my $text, 65536) { $rest .= $text }
    while ($rest =~ s/^call\0(\d+)\0\d+\0[^\0]*\0[^\0]*\0(\d+)\0//) {
        my ($pid, $words) = ($1, $2);
        $rest =~ s/^(?:[^\0]*\0){$words}//;
        note('begin', $pid, now());
        my $fd = syscall($pidfd_open, $pid + 0, 0);
        next if $fd < 0;
        open my $handle, '<&=', $fd;
        $living{$fd} = [$pid, $handle];
    }
}

# The kernel tells it once the parent has taken the status, which is a moment after the end
sub status_of {
    my $info = pack('Q', $info_exit) . "\0" x 56;
    return '-' unless ioctl $_[0], $get_info, $info;
    return undef unless unpack('Q', $info) & $info_exit;
    my $code = unpack 'l', substr $info, 60;
    return $code & 127 ? 128 + ($code & 127) : $code >> 8 & 255;
}

take_calls();
while (1) {
    my $in = '';
    vec($in, $_, 1) = 1 for 0, ($notices ? $notify : ()), keys %living;
    select $in, undef, undef, $notices && !@ended ? undef : 0.002;
    my $at = now();
    for my $fd (grep { vec $in, $_, 1 } keys %living) { push @ended, [@{delete $living{$fd}}, $at, 100] }
    @ended = grep {
        my ($pid, $handle, $ended_at) = @$_;
        my $status = status_of($handle) // (--$_->[3] ? undef : '-');
        note('end', $pid, $ended_at, $status) if defined $status;
        !defined $status;
    } @ended;
    last if vec($in, 0, 1) && !sysread STDIN, my $word, 64;
    sysread $notices, my $events, 4096 if $notices && vec $in, $notify, 1;
    take_calls();
}
