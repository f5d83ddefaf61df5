#!/usr/bin/perl
# /init of initrd.sh: loads what a disk on virtio needs, makes its first partition the root, and runs there what the kernel was told to.
# The calls by their numbers on x86-64: there is no module of perl here.
my ($mount, $chroot, $finit_module, $compressed, $move) = (165, 161, 313, 4, 8192);
sub fail { print STDERR "initrd: $_[0]: $!\n"; exit 1 }    # init's end is a panic, which is seen
my $none = '';

opendir my $modules, '/modules' or fail('/modules');
for my $path (map { "/modules/$_" } sort grep { !/^\./ } readdir $modules) {
    open my $file, '<', $path or fail($path);
    syscall($finit_module, fileno($file), $none, $path =~ /\.ko$/ ? 0 : $compressed) == 0 or fail($path);
}
my ($devtmpfs, $dev, $ext4, $disk, $new, $root) = ('devtmpfs', '/dev', 'ext4', '/dev/vda1', '/new', '/');
syscall($mount, $dev, $dev, $devtmpfs, 0, $none) == 0 or fail('devtmpfs');
for (1 .. 200) { last if -e $disk; select undef, undef, undef, 0.05 }
syscall($mount, $disk, $new, $ext4, 0, $none) == 0 or fail($disk);
my $there = "$new$dev";
syscall($mount, $dev, $there, $none, $move, $none) == 0 or fail($there);
chdir $new or fail($new);
my $here = '.';
syscall($mount, $here, $root, $none, $move, $none) == 0 or fail('moving the root');
syscall($chroot, $here) == 0 or fail('chroot');
chdir $root;
exec '/bin/sh', @ARGV or fail('/bin/sh');
