/** What is known of a failure: the line that tells it, why it happens, and what to do. */
export interface KnownFailure {
  readonly id: string;
  readonly text: RegExp;
  readonly cause: string;
  readonly hint: string;
  /** CRIU's files and functions that print the line. */
  readonly source: string;
  /** It is told by a line that CRIU doesn't print as an error. */
  readonly isQuiet?: true;
}

/** Each was met (recordings in test/recorded/criu). The first row that matches a line is taken. */
// biome-ignore format: a table is read in rows
export const knownFailures: readonly KnownFailure[] = [
  { id: 'tcp-established', text: /inet: Connected TCP socket/, cause: 'the container has established TCP connections', hint: 'dump and restore with --tcp-established (or --tcp-close to drop them)', source: 'sk-inet.c can_dump_inet_sk' },
  { id: 'in-flight-connection', text: /In-flight connection/, cause: 'a client was connecting at the moment of the dump', hint: 'skip-in-flight in /etc/criu/runc.conf (or --skip-in-flight)', source: 'sk-inet.c can_dump_inet_sk' },
  { id: 'external-unix-socket', text: /unix: External socket is used/, cause: 'the other end of a unix socket is outside the container', hint: 'close it, or dump and restore with --ext-unix-sk', source: 'sk-unix.c dump_external_sockets' },
  { id: 'terminal', text: /tty: Found slave peer index \d+ without correspond/, cause: 'a task holds a terminal whose other end is outside', hint: 'dump with --shell-job, or start the container without -t', source: 'tty.c tty_verify_active_pairs' },
  { id: 'session-outside', text: /A session leader of \d+\(\d+\) is outside of its pid namespace/, cause: "the root task is in the session of a process that is not dumped", hint: 'start it with setsid, or dump its session leader; --shell-job where that is a shell', source: 'cr-dump.c dump_one_task' },
  { id: 'file-locks', text: /Some file locks are hold by dumping tasks/, cause: 'a task holds a file lock', hint: 'dump and restore with --file-locks', source: 'file-lock.c dump_file_locks' },
  { id: 'ghost-limit', text: /Can't dump ghost file \S+ of \d+ size/, cause: 'a deleted file that is still open is larger than the limit', hint: 'raise it: --ghost-limit SIZE (ghost-limit in /etc/criu/runc.conf)', source: 'files-reg.c dump_ghost_file' },
  { id: 'file-outside-mounts', text: /Can't lookup mount=-?\d+ for fd=-?\d+ path=/, cause: "an open file lies outside the container's mounts, often its standard input or output", hint: 'give the container stdio of its own (/dev/null, a pipe of the engine), or close the file', source: 'files.c dump_one_file, mount.c lookup_mnt_id' },
  { id: 'root-mount', text: /doesn't have a proper root mount|has unreachable sharing/, cause: 'a bind mount comes from outside the container', hint: 'name it: --external mnt[PATH]:NAME at the dump, mnt[NAME]:PATH at the restore', source: 'mount.c validate_mounts' },
  { id: 'no-such-task', text: /^Unable to interrupt task: \d+ \(No such process\)/, cause: 'the task was gone before the dump', hint: 'check the pid; the container may have ended', source: 'seize.c, compel infect.c compel_interrupt_task', isQuiet: true },
  { id: 'traced', text: /^Unable to interrupt task: \d+ \(.*\)/, cause: 'the task is being traced by another process (strace, gdb)', hint: 'end the tracer, then dump again', source: 'compel infect.c compel_interrupt_task (EPERM)', isQuiet: true },
  { id: 'freeze-timeout', text: /Timeout reached\. Try to interrupt|Unable to freeze cgroup/, cause: 'a task could not be stopped in time, often in uninterruptible sleep (state D)', hint: 'find what it waits for (a disk, NFS); raise --timeout', source: 'cr-dump.c alarm_handler, seize.c freeze_processes' },
  { id: 'socket-options', text: /sockets: Can't get 1:(?:16|34) opt: Operation not supported/, cause: 'CRIU before 4.2 cannot dump TCP sockets on kernel 6.16 or later', hint: 'use CRIU 4.2 or later', source: 'sockets.c do_dump_opt' },
  { id: 'disk-full', text: /No space left on device/, cause: "the disk of the images' folder is full", hint: 'free space, or put the images elsewhere', source: 'page-xfer.c write_pages_loc, bfd.c' },
  { id: 'page-server-refused', text: /^Can't connect to server/, cause: 'nobody answered at the page server’s address', hint: 'start the page server first; check address, port and firewall', source: 'util.c setup_tcp_client: printed as information', isQuiet: true },
  { id: 'no-soft-dirty', text: /Tracking memory is not available|BUG at criu\/mem\.c/, cause: 'the kernel has no soft-dirty tracking (CONFIG_MEM_SOFT_DIRTY)', hint: 'no pre-dump on this kernel: dump without --track-mem', source: 'config.c check_options, mem.c' },
  { id: 'check-soft-dirty', text: /^Dirty tracking is OFF\. Memory snapshot will not work/, cause: 'criu check: the kernel has no soft-dirty tracking (CONFIG_MEM_SOFT_DIRTY)', hint: 'only pre-dumps need it: dump without --track-mem', source: 'cr-check.c check_mem_dirty_track', isQuiet: true },
  { id: 'check-autofs', text: /failed to mount autofs/, cause: 'criu check --all: the kernel has no autofs (CONFIG_AUTOFS_FS)', hint: 'of no matter unless a container mounts autofs: criu check without --all tests what every dump needs', source: 'cr-check.c check_autofs' },
  { id: 'image-folder', text: /Can't open dir \S+: No such file|Couldn't open image dir/, cause: 'the folder for the images is not there', hint: 'make it first (mkdir -p), and give it with -D', source: 'image.c open_image_dir, crtools.c' },
  { id: 'unsupported-file', text: /send_fds failed \(-22\)|BUG! Unknown socket collected|Can't dump file \S+ of that type/, cause: 'a task holds a kind of file or socket that CRIU does not know (io_uring, vsock, packet)', hint: 'close it before the dump, or configure the program not to use it', source: 'files.c dump_unsupp_fd, sk-*.c, pie/util-fd' },
  { id: 'vdso', text: /vdso: Unexpected rt vDSO area bounds/, cause: 'this CRIU does not know the vDSO of this kernel', hint: 'use a newer CRIU (3.17 is too old for kernel 6.18 and later)', source: 'vdso.c vdso_fill_self_size' },
  { id: 'pid-in-use', text: /Can't fork for \d+: File exists|Pid \d+ do not match expected/, cause: 'a process id that the container needs is taken', hint: 'restore into a new pid namespace, or end the process that has it', source: 'cr-restore.c fork_with_pid' },
  { id: 'file-missing', text: /Can't open file (\S+) on restore: No such file/, cause: 'a file that the container had open or mapped is not there', hint: "copy it to the destination: image, writable layer and volumes must be the source's", source: 'files-reg.c open_path' },
  { id: 'file-changed', text: /File \S+ has bad size \d+ \(expect \d+\)|has bad build-ID/, cause: 'a file changed between dump and restore', hint: 'restore with the very files of the dump: same image version, same writable layer', source: 'files-reg.c validate_file' },
  { id: 'address', text: /inet: Can't bind inet socket/, cause: 'the port or the address is not free, or not there, at the destination', hint: 'free the port, or give the destination the same address', source: 'sk-inet.c inet_bind' },
  { id: 'images', text: /Unexpected EOF on \(empty-image\)|Head magic doesn't match|Not supported images version/, cause: 'the images are missing, damaged, or of another CRIU', hint: 'check the images folder: was the dump complete, and copied whole?', source: 'image.c, protobuf.c do_pb_read_one' },
  { id: 'pages-missing', text: /Failed getting raw image fd|Can't read async pr bytes|Can't read pages data/, cause: 'a pages-N.img file is missing', hint: 'copy the images again, all of them', source: 'pagemap.c open_page_read_at' },
  { id: 'pages-truncated', text: /^Advanced iov 0 bytes, \d+->\d+ iovs/, cause: 'a pages-N.img file is too short: CRIU (up to 4.2.1) loops for ever on it', hint: 'end that criu process, copy the images again, compare sizes', source: 'pagemap.c process_async_reads', isQuiet: true },
  { id: 'lazy-socket', text: /uffd: connect to lazy-pages\.socket failed/, cause: 'no lazy-pages daemon listens in the work folder', hint: 'start criu lazy-pages first, with the same --work-dir', source: 'uffd.c connect_to_lazy_pages_socket' },
  { id: 'hook', text: /Script \S+ exited with|action scripts failed|RPC client reported script error|due to post-restore script/, cause: 'a hook script of the engine failed', hint: 'run the script named in the log by hand; its output stands before the error', source: 'action-scripts.c run_scripts' },
  { id: 'child-died', text: /^\d+ (?:killed by signal \d+|exited, status=\d+)/, cause: 'a restored task died, and nothing in its lines says why', hint: 'signal 9 from outside is mostly the kernel out of memory, or an engine that gave up: dmesg, the limits of the cgroup', source: 'cr-restore.c sigchld_handler' },
];

/** Lines that successful runs have, too: they tell why where CRIU gives no reason. Each was met. */
// biome-ignore format: a table is read in rows
export const suspects: readonly KnownFailure[] = [
  { id: 'no-udplite', text: /^sockets: Socke(?:cts|ts) collect procedure family AF_INET6? proto IPPROTO_UDPLITE: -2/, cause: 'this CRIU needs UDP-Lite of the kernel to dump a network namespace; kernel 7.1 and later have none', hint: 'use CRIU 4.2.1 or later', source: 'sockets.c collect_err (CRIU pull request 3003)', isQuiet: true },
];

export function isSuspect(line: string): boolean {
  return suspects.some(({ text }) => text.test(line));
}

const quiet = new RegExp(
  knownFailures
    .filter(({ isQuiet }) => isQuiet)
    .map(({ text }) => text.source)
    .join('|'),
);

/** True for a line that tells of a failure though CRIU does not print it as an error. */
export function isKnownSymptom(text: string): boolean {
  return quiet.test(text);
}
