# perl stopper.pl LIMIT_S < PLACES - on a test host: holds something up for a while, each when its moment has come, and lets it go on.
# PLACES, one a line, separated by tabs: NAME  MS  WHEN  WHERE  HOW  TARGET
#   WHEN    `log`: WHERE is `FILE REGEX`, a line that is written from now on; `path`: WHERE is a pattern of paths; `process`: as soon as there is
#           one whose words match WHERE, or TARGET where that is `-`
#   HOW     `stop`: all processes are stopped whose words match the regex TARGET
#           `begin`: TARGET is `PROGRAM REGEX`; the next call of it by name, whose words match, waits before it becomes that program. It is not
#           too late as a stop from outside can be. /usr/local/sbin has a script of that name from now on: whoever asked for it removes it
#           `link`: the device TARGET carries 1 Mbit/s (tc-tbf(8)); what waits there goes out afterwards, nothing is dropped
#           `disk`: nobody can write to the file system mounted at TARGET (FIFREEZE, ioctl_fs(2)); reading is as ever
# It prints `ready`, then NAME BEGIN END (nanoseconds of this host's clock) of every hold. It ends when all are done, or after LIMIT_S.
# Each hold is a process of its own that lets go also when this one is killed; nothing stays held.
use strict; use warnings; use Config;
$| = 1;
my $clock_gettime = $Config{archname} =~ /^x86_64/ ? 228 : 113; # unistd.h
sub now_ns { my $at = pack 'q2', 0, 0; syscall $clock_gettime, 0, $at; my ($s, $ns) = unpack 'q2', $at; return $s * 1_000_000_000 + $ns }
sub rest { select undef, undef, undef, $_[0] }
my ($limit_s) = @ARGV;
my @waiting = map { chomp; my ($name, $ms, $when, $where, $how, $target) = split /\t/; { name => $name, ms => $ms, when => $when, where => $where, how => $how, target => $target } } <STDIN>;
for my $each (grep { $_->{when} eq 'log' } @waiting) {
    ($each->{file}, $each->{line}) = split / /, $each->{where}, 2;
    ($each->{found}) = glob $each->{file};
    $each->{from} = defined $each->{found} ? -s $each->{found} : 0;
    # what is written anew begins at its beginning
    $each->{inode} = defined $each->{found} ? (stat $each->{found})[1] : 0;
}
# One that stands in the PATH before a program, waits once, and becomes it.
my $stand_in = <<'SCRIPT';
#!/usr/bin/perl
# PROGRAM, PATTERN, MS and HELD are filled in by stopper.pl
use strict; use warnings; use Config; use Fcntl;
my $clock_gettime = $Config{archname} =~ /^x86_64/ ? 228 : 113;
sub now_ns { my $at = pack 'q2', 0, 0; syscall $clock_gettime, 0, $at; my ($s, $ns) = unpack 'q2', $at; return $s * 1_000_000_000 + $ns }
# it stays until the move is over: a shell that has found it once does not look again
if ("@ARGV" =~ /PATTERN/ && !-e 'HELD' && sysopen my $file, 'HELD.new', O_WRONLY | O_CREAT | O_EXCL) {
    my $from = now_ns();
    select undef, undef, undef, MS / 1000;
    my $to = now_ns();
    print $file "$from $to\n";
    close $file;
    rename 'HELD.new', 'HELD';
}
exec { 'PROGRAM' } 'PROGRAM', @ARGV;
SCRIPT
for my $each (grep { $_->{how} eq 'begin' } @waiting) {
    my ($program, $pattern) = split / /, $each->{target}, 2;
    my $path = '/usr/local/sbin/' . ($program =~ s{.*/}{}r);
    $each->{held} = "/run/held-$each->{name}";
    unlink $each->{held}, "$each->{held}.new";
    my %words = (PROGRAM => $program, PATTERN => $pattern =~ s{/}{\\/}gr, MS => $each->{ms}, HELD => $each->{held});
    open my $file, '>', "$path.new" or die "$path: $!\n";
    print $file $stand_in =~ s/\b(PROGRAM|PATTERN|MS|HELD)\b/$words{$1}/gr;
    close $file;
    chmod 0755, "$path.new";
    rename "$path.new", $path or die "$path: $!\n";
}
print "ready\n";
sub has_come {
    my ($each, $words) = @_;
    if ($each->{when} eq 'process') {
        return 1 if $each->{where} eq '-';
        return scalar targets($each->{where}, $words->());
    }
    return scalar grep { -e } glob $each->{where} if $each->{when} eq 'path';
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
# Each tells when it began to hold and when it let go.
my %hold = (
    stop => sub {
        my ($each, @pids) = @_;
        kill STOP => @pids;
        my @held = span($each);
        kill CONT => @pids;
        return @held;
    },
    link => sub {
        my ($each) = @_;
        system "tc qdisc add dev $each->{target} root tbf rate 1mbit burst 16kb limit 64mb";
        my @held = span($each);
        system "tc qdisc change dev $each->{target} root tbf rate 40gbit burst 64mb limit 64mb";
        # what waited has gone out by then
        rest(1);
        system "tc qdisc del dev $each->{target} root";
        return @held;
    },
    disk => sub {
        my ($each) = @_;
        open my $disk, '<', $each->{target} or die "$each->{target}: $!\n";
        ioctl $disk, 0xC0045877, 0 or die "freezing $each->{target}: $!\n"; # FIFREEZE, linux/fs.h
        my @held = span($each);
        ioctl $disk, 0xC0045878, 0 or die "thawing $each->{target}: $!\n"; # FITHAW
        return @held;
    },
);
sub span { my ($each) = @_; my $from = now_ns(); rest($each->{ms} / 1000); return ($from, now_ns()) }
my $end = time + $limit_s;
my @children;
while (@waiting && time < $end) {
    my (@left, $seen);
    my $words = sub { return $seen //= words_of_all() };
    for my $each (@waiting) {
        if ($each->{how} eq 'begin') {
            if (open my $file, '<', $each->{held}) { print "$each->{name} ", <$file> }
            else { push @left, $each }
            next;
        }
        my $is_now = $each->{come} ||= has_come($each, $words);
        my @pids = $is_now && $each->{how} eq 'stop' ? targets($each->{target}, $words->()) : ();
        if (!$is_now || ($each->{how} eq 'stop' && !@pids)) { push @left, $each; next }
        my $child = fork // die "fork: $!\n";
        if ($child) { push @children, $child; next }
        print join(' ', $each->{name}, $hold{$each->{how}}->($each, @pids)), "\n";
        exit 0;
    }
    @waiting = @left;
    rest(0.002);
}
waitpid $_, 0 for @children;
