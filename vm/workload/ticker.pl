#!/usr/bin/perl
# The ticker: ground truth of downtime, from inside the container.
#
#   perl ticker.pl [FOLDER]        FOLDER: /run/ticker unless told
#
# Ticks each millisecond. Where two ticks lie more than 20 ms apart it appends one line to FOLDER/gaps:
# the last tick before and the first one after, `LAST_NS FIRST_NS`, nanoseconds since 1970. After a move the
# first is by the clock of the host it was moved from, the second by that of the host it was moved to.
# Time::HiRes hands out seconds as a double: 1.8e9 s leaves a grain of 0.24 us.
use strict;
use warnings;
use Time::HiRes qw(clock_gettime usleep CLOCK_REALTIME CLOCK_MONOTONIC);

my $period_us = 1_000;
my $gap_s     = 0.020;
my $most_kept = 1_000;    # lines that wait while the disk is full

my $folder = shift // '/run/ticker';
my $file   = "$folder/gaps";
my @waiting;

$SIG{$_}   = "IGNORE" for qw(HUP INT PIPE USR1 USR2);
$SIG{TERM} = sub { exit 0 };    # `docker stop`, also where the ticker is process 1

# Opened anew for each line: no open file whose size a restore would check, and a folder that was removed comes back.
sub write_gaps {
    mkdir $folder unless -d $folder;
    open my $out, '>>', $file or return;
    while (@waiting) {
        my $done = syswrite $out, $waiting[0];
        last unless defined $done && $done == length $waiting[0];
        shift @waiting;
    }
    close $out;
}

write_gaps();    # an empty file says: the ticker runs and saw no gap

my ($last, $last_mono) = (clock_gettime(CLOCK_REALTIME), clock_gettime(CLOCK_MONOTONIC));
my $next_try = 0;
while (1) {
    # Relative, as an absolute time of the old host's monotonic clock could be days ahead on the new one.
    usleep($period_us - ($last_mono * 1e6) % $period_us);
    my $now  = clock_gettime(CLOCK_REALTIME);
    my $mono = clock_gettime(CLOCK_MONOTONIC);

    # Either clock tells: the other host's wall clock may be behind by just as much as the move took.
    my ($step, $step_mono) = ($now - $last, $mono - $last_mono);
    if ($step > $gap_s || $step < 0 || $step_mono > $gap_s || $step_mono < 0) {
        push @waiting, sprintf("%.0f %.0f\n", $last * 1e9, $now * 1e9);
        splice @waiting, 0, @waiting - $most_kept if @waiting > $most_kept;
        $next_try = 0;
    }
    if (@waiting && $mono >= $next_try) {
        write_gaps();
        $next_try = @waiting ? $mono + 1 : 0;
    }
    ($last, $last_mono) = ($now, $mono);
}
