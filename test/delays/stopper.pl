# perl stopper.pl LIMIT_S < PLACES - on a test host: stops processes for a while, each when its moment has come, and lets them go on.
# PLACES, one a line, separated by tabs: NAME  MS  WHEN  WHERE  TARGET
#   WHEN    `log`: WHERE is `FILE REGEX`, a line that is written from now on; `path`: WHERE is a pattern of paths; `process`: as soon as it is there
#   TARGET  regex over the words of a process; all that match are stopped
# It prints `ready`, then NAME BEGIN END (nanoseconds of this host's clock) of every stop. It ends when all are done, or after LIMIT_S.
# Each stop is a process of its own that lets go also when this one is killed; nothing stays stopped.
use strict; use warnings; use Config;
$| = 1;
my $clock_gettime = $Config{archname} =~ /^x86_64/ ? 228 : 113; # unistd.h
sub now_ns { my $at = pack 'q2', 0, 0; syscall $clock_gettime, 0, $at; my ($s, $ns) = unpack 'q2', $at; return $s * 1_000_000_000 + $ns }
sub rest { select undef, undef, undef, $_[0] }
my ($limit_s) = @ARGV;
my @waiting = map { chomp; my ($name, $ms, $when, $where, $target) = split /\t/; { name => $name, ms => $ms, when => $when, where => $where, target => $target } } <STDIN>;
for my $each (grep { $_->{when} eq 'log' } @waiting) {
    ($each->{file}, $each->{line}) = split / /, $each->{where}, 2;
    ($each->{found}) = glob $each->{file};
    $each->{from} = defined $each->{found} ? -s $each->{found} : 0;
    # what is written anew begins at its beginning
    $each->{inode} = defined $each->{found} ? (stat $each->{found})[1] : 0;
}
print "ready\n";
sub has_come {
    my ($each) = @_;
    return 1 if $each->{when} eq 'process';
    return scalar(() = glob $each->{where}) if $each->{when} eq 'path';
    my ($file) = glob $each->{file};
    return 0 unless defined $file && open my $log, '<', $file;
    my ($inode, $size) = (stat $log)[1, 7];
    seek $log, $each->{from}, 0 if $inode == $each->{inode} && $size >= $each->{from};
    local $/;
    return (<$log> // '') =~ /$each->{line}/m;
}
# Its name, its parent, and how deep in process namespaces it is.
sub facts_of {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/status" or return ('', 0, 0);
    local $/;
    my $text = <$file> // '';
    my ($name) = $text =~ /^Name:\s*(.*)$/m;
    my ($parent) = $text =~ /^PPid:\s*(\d+)$/m;
    my ($levels) = $text =~ /^NSpid:\s*(.*)$/m;
    return ($name // '', $parent // 0, scalar split ' ', $levels // '');
}
my $own_level = (facts_of($$))[2];
# What a program has forked has its name and its words, and may be half way to being something else: a task that CRIU restores, for runc's sake as a
# sibling of its own (rst_sibling), in the container's namespace.
sub is_forked {
    my ($name, $parent, $level) = facts_of($_[0]);
    return $name eq '' || $level > $own_level || $name eq (facts_of($parent))[0];
}
# Looked at once a round: it is what a round takes most of its time for.
sub words_of_all {
    my %words;
    for my $pid (map { m{(\d+)$} && $1 != $$ ? $1 : () } glob '/proc/[0-9]*') {
        open my $file, '<', "/proc/$pid/cmdline" or next;
        local $/;
        (my $line = <$file> // '') =~ tr/\0/ /;
        $words{$pid} = $line unless $line eq '' || $line =~ /stopper/;
    }
    return \%words;
}
sub targets {
    my ($pattern, $words) = @_;
    return grep { $words->{$_} =~ /$pattern/ && !is_forked($_) } keys %$words;
}
my $end = time + $limit_s;
my @children;
while (@waiting && time < $end) {
    my (@left, $words);
    for my $each (@waiting) {
        my @pids = ($each->{come} ||= has_come($each)) ? targets($each->{target}, $words //= words_of_all()) : ();
        if (!@pids) { push @left, $each; next }
        my $child = fork // die "fork: $!\n";
        if ($child) { push @children, $child; next }
        kill STOP => @pids;
        my $from = now_ns();
        rest($each->{ms} / 1000);
        my $to = now_ns();
        kill CONT => @pids;
        print "$each->{name} $from $to\n";
        exit 0;
    }
    @waiting = @left;
    rest(0.002);
}
waitpid $_, 0 for @children;
