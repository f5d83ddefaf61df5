# hold-pages FOLDER - on the destination of a post-copy: has every userfaultfd(2) of the lazy-pages daemon open as well, so that a daemon that dies closes none.
# With the last descriptor the kernel forgets that pages are missing (userfaultfd_release, fs/userfaultfd.c): whoever touches one then reads zeros, and whoever
# waits for one goes on with zeros. As long as one is open it waits, and is held, or killed, with the rest of the container. FOLDER has
#   lazy-pid     the shell whose child the daemon is; this script ends when it is gone, and with it what it holds
#   receiving    bash: work (CRIU's work folder, with lazy-pages.log), to_id
# and gets
#   marks        `pages.held N`: the daemon has ended and N address spaces still miss pages; `pages.frozen`: they could not be held (before Linux 5.6, or where Yama
#                forbids it), so the container was frozen
use strict; # and nothing else: perl-base has no Time::HiRes
$0 = 'transship-hold-pages'; # a host's list of processes says what it is
my ($folder) = @ARGV;
chdir '/';
my ($pidfd_open, $pidfd_getfd) = (434, 438);
# kcmp(2), whether two descriptors are of one file, and clock_gettime(2)
my ($kcmp, $clock) = `uname -m` =~ /^(aarch64|arm64)/ ? (272, 113) : (312, 228);
my $nap_s = 0.005; # what is closed here so much later than there keeps a fault on a page that nobody brings waiting for as long

sub nap { select undef, undef, undef, $_[0] }
sub setting { open my $f, '<', "$folder/receiving" or exit; my ($value) = join('', <$f>) =~ /^$_[0]='?([^'\n]*)/m; $value }
sub daemon {
    open my $f, '<', "$folder/lazy-pid" or exit;
    my $shell = <$f> + 0;
    open my $children, '<', "/proc/$shell/task/$shell/children" or exit;
    for (split ' ', <$children> // '') { return $_ if readlink("/proc/$_/exe") =~ m{/criu(?: \(deleted\))?$} }
    return undef;
}
sub mark {
    my $time = "\0" x 16;
    syscall $clock, 0, $time;
    my ($s, $ns) = unpack 'qq', $time;
    open my $marks, '>>', "$folder/marks" or return;
    syswrite $marks, sprintf "%d.%06d %s\n", $s, $ns / 1000, @_;
}

my $log = setting('work') . '/lazy-pages.log';
my ($daemon, $handle, %held, %missed, @lost);
nap($nap_s) until $daemon = daemon();
$handle = syscall $pidfd_open, $daemon + 0, 0;

# CRIU's last word on an address space, or on a process that has ended, since it was taken; its lines name the descriptor (criu/uffd.c, lp_debug)
sub is_done {
    my ($fd, $from) = @_;
    local $_;
    open my $f, '<', $log or return;
    my $end = -s $f;
    seek $f, $from < $end - 1048576 ? $end - 1048576 : $from, 0;
    while (<$f>) { return 1 if /uffd: \d+--?$fd: (?:UFFD transferred pages|EXIT)/ }
    return;
}

sub take {
    my ($fd) = @_;
    my $own = $handle < 0 ? -1 : syscall $pidfd_getfd, $handle, $fd + 0, 0;
    return $missed{$fd} = -s $log if $own < 0;
    open my $file, '+<&=', $own;
    $held{$fd} = [$own, $file, -s $log];
}

sub look {
    for my $fd (keys %held) {
        my ($own, undef, $from) = @{$held{$fd}};
        next unless syscall $kcmp, $$ + 0, $daemon + 0, 0, $own, $fd + 0;
        push @lost, $held{$fd} unless is_done($fd, $from);
        delete $held{$fd};
    }
    opendir my $there, "/proc/$daemon/fd" or return;
    for my $fd (grep { /^\d/ && !$held{$_} && !exists $missed{$_} } readdir $there) {
        take($fd) if readlink("/proc/$daemon/fd/$fd") =~ /userfaultfd/;
    }
}

while (readlink "/proc/$daemon/exe") { # one that has ended has none
    look();
    nap($nap_s);
}
look(); # at what it has opened since
# one that ends loses its memory before its files (do_exit, kernel/exit.c): whether they are open still says nothing
push @lost, grep { !is_done($_, $held{$_}[2]) } keys %held;
if (grep { !is_done($_, $missed{$_}) } keys %missed) {
    my $id = setting('to_id');
    my ($root) = map { m{^(.*)/} } glob "/run/docker/runtime-*/moby/$id";
    mark('pages.frozen') unless system 'runc', '--root', $root, 'pause', $id;
}
exit unless @lost;
mark('pages.held ' . scalar @lost);
nap(0.05) while -e "$folder/lazy-pid";
