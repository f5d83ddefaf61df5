import type { Gap } from './log-clock.ts';
import type { LogKind } from './phase.ts';

/** What CRIU does between two lines where it prints nothing: known from its source, and from runs under strace. */
export interface GapCause {
  readonly kinds: readonly LogKind[];
  readonly before: RegExp;
  readonly after: RegExp;
  readonly what: string;
  /** CRIU's file and function. */
  readonly source: string;
}

const dumps = ['dump', 'pre-dump'] as const;
const all = ['dump', 'pre-dump', 'restore', 'lazy-pages', 'page-server'] as const;

/** The first row that fits both lines is taken. */
// biome-ignore format: a table is read in rows
export const gapCauses: readonly GapCause[] = [
  { kinds: dumps, before: /^freezer\.state=FREEZING|^cgroup\.freeze=[01]/, after: /^freezer\.state=|^cgroup\.freeze=/, what: 'waits for the cgroup freezer, which it asks every 100 ms only', source: 'seize.c freeze_processes' },
  { kinds: dumps, before: /^Detected cgroup V\d freezer|^freezing |^SEIZE |^Seized task/, after: /^Timeout reached/, what: 'waits for a task that does not stop, until --timeout', source: 'seize.c freeze_processes' },
  { kinds: dumps, before: /^SEIZE |^Seized task|^\s+Seizing/, after: /^SEIZE |^Seized task|^\s+Seizing|^Collected/, what: 'waits for a task to stop at ptrace', source: 'compel infect.c compel_wait_task' },
  { kinds: dumps, before: /^(?:page-xfer: )?\s+[ph] 0x|^(?:page-xfer: )?Transferring pages/, after: /./, what: 'writes pages to the disk of the images, or sends them', source: 'page-xfer.c write_pages_loc' },
  { kinds: all, before: /^(?:page-xfer: )?(?:\s+)?Splic|^page-xfer: Splicing/, after: /./, what: 'sends pages to the page server', source: 'page-xfer.c write_pages_to_server' },
  { kinds: ['page-server'], before: /^page-xfer: Adding/, after: /^page-xfer: Adding|^page-xfer: Opening/, what: 'receives pages and writes them to the disk', source: 'page-xfer.c page_server_add' },
  { kinds: ['page-server', 'dump'], before: /^page-xfer: (?:Adding|Disconnect)|^Disconnect from the page/, after: /./, what: 'the closing message waits for the cork timer of TCP: 200 ms in CRIU 4.1 and 4.2', source: 'page-xfer.c disconnect_from_page_server' },
  { kinds: ['page-server', 'dump', 'lazy-pages'], before: /status-ready scripts$|^Starting (?:page|lazy)|^uffd: Waiting|^\s*RPC$/, after: /^Accepted connection|^uffd: Received PID/, what: 'waits for the other side to connect', source: 'util.c run_tcp_server, uffd.c prepare_uffds' },
  { kinds: ['dump', 'page-server'], before: /^(?:page-pipe: )?Created tee pipe|^Accepted connection/, after: /^(?:page-xfer: )?Session over/, what: 'serves pages to the restored tasks: those that they touch, then the rest', source: 'page-xfer.c page_server_serve' },
  { kinds: ['lazy-pages'], before: /^uffd: |^pr\d+-\d+ /, after: /^uffd: |^pr\d+-\d+ /, what: 'no task touches a missing page, or a page is on its way', source: 'uffd.c handle_requests' },
  { kinds: dumps, before: /^Sent msg to daemon|^(?:\d+ (?:was|is) |Waiting for \d+ to trap)/, after: /was trapped|was stopped|^\d+ is going/, what: 'the parasite leaves: the task unmaps it and is scheduled again', source: 'compel infect.c compel_stop_on_syscall' },
  { kinds: dumps, before: /^Parasite syscall_ip at/, after: /^Set up parasite blob/, what: 'maps the parasite into the task, by system calls that the task makes', source: 'compel infect.c compel_infect' },
  { kinds: dumps, before: /^Wait for ack|^__sent ack|^Sent msg/, after: /^Fetched ack|^__fetched/, what: 'waits for the parasite in the task', source: 'compel infect-rpc.c' },
  { kinds: dumps, before: /^mnt: +\t?mount has children|^mnt:\s+[\da-f]+:/, after: /^mnt:\s|^(?:Dumping file-locks|Running )/, what: 'packs a tmpfs mount with tar', source: 'filesystems.c tmpfs_dump' },
  { kinds: dumps, before: /^net: Dumping netns links|^(?:net: )?\s+(?:LD|Dumping)/, after: /^net: Dumping netns links|^Namespaces dump complete|^IPC/, what: 'enters the network namespace and mounts its sysfs, for which the kernel waits for all processors; one that is not external is read by ip and iptables-save', source: 'net.c dump_net_ns, mount_ns_sysfs' },
  { kinds: dumps, before: /^IPC |^Dump (?:UTS|IPC|NET)|^UTS/, after: /^Namespaces dump complete/, what: 'waits for the processes that dump the namespaces', source: 'namespaces.c dump_namespaces' },
  { kinds: ['dump', 'restore'], before: /^\s*Running iptables /, after: /./, what: 'locks or unlocks one TCP connection: iptables is run for it', source: 'netfilter.c iptables_connection_switch_raw' },
  { kinds: dumps, before: /^Add \w+ ns /, after: /^\s+type \S+ source/, what: 'reads the mounts of the namespace', source: 'proc_parse.c parse_mountinfo' },
  { kinds: dumps, before: /^\s*RPC$|^\s+\[.*\]$|network-lock scripts$/, after: /^RPC NOTIFY query-ext-files|^\s+type \S+ source/, what: 'locks the network of its namespace by iptables-restore, after the network-lock hook', source: 'net.c network_lock_internal' },
  { kinds: dumps, before: /^cg:\s+`- \[/, after: /^cg: \S+ cgroup \/proc\/self\/fd/, what: "mounts and walks the controllers of a set of cgroups: the first task of a set pays", source: 'cgroup.c collect_cgroups' },
  { kinds: dumps, before: /^\s*Unseizing \d+ into 2/, after: /./, what: 'kills the tasks; the kernel takes their memory down', source: 'seize.c pstree_switch_state, exit_mmap' },
  { kinds: dumps, before: /^\s*Unseizing \d+ into/, after: /./, what: 'lets the tasks run again', source: 'seize.c pstree_switch_state' },
  { kinds: ['restore'], before: /^Preadv /, after: /returned \d+$|^Preadv /, what: 'reads all pages of a task from the images at once', source: 'pie/restorer.c preadv_limited' },
  { kinds: ['restore'], before: /^\s*Read piov iovs|^\s*pr\d+-\d+ Read page/, after: /^\s*Read piov iovs|^nr_restored_pages|^\s*pr\d+-\d+/, what: 'reads pages that tasks share from the images', source: 'pagemap.c process_async_reads' },
  { kinds: ['restore'], before: /^Advanced iov 0 bytes/, after: /./, what: 'loops for ever on a pages file that is too short', source: 'pagemap.c process_async_reads' },
  { kinds: ['restore'], before: /^(?:mnt(?:-v2)?: )?\s*Mounting tmpfs/, after: /./, what: 'unpacks a tmpfs mount with tar', source: 'filesystems.c tmpfs_restore' },
  { kinds: ['restore'], before: /^mnt: Move the root to/, after: /./, what: 'sets up the mount namespace: pivots the root, unmounts the old one', source: 'mount.c cr_pivot_root' },
  { kinds: ['restore'], before: /^\s*RPC$|^\s+\[.*\]$|^(?:net: )?Unlock network|network-unlock scripts$/, after: /^(?:pie: )?seccomp: |was trapped$|^Force no-breakpoints|^Run late stage/, what: 'unlocks the network: the network-unlock hook, then 4 to 6 times iptables-restore', source: 'net.c network_unlock' },
  { kinds: ['restore'], before: /^\s*RPC$|setup-namespaces scripts$/, after: /^cg: |^timens|^Calling restore_sid/, what: "the engine's setup-namespaces hook: runc runs the prestart hooks, Docker's network among them", source: 'cr-restore.c, runc criu_linux.go criuNotifications' },
  { kinds: ['restore'], before: /^seccomp: /, after: /was trapped$|^seccomp: /, what: 'waits for the restored tasks to reach their last system call', source: 'cr-restore.c finalize_restore' },
  { kinds: ['restore'], before: /^cg: /, after: /^cg: /, what: 'makes cgroups, or moves into them', source: 'cgroup.c prepare_cgroup_dirs' },
  { kinds: ['restore'], before: /^Restoring resources|^\s*Receive fd for|^Found receive desc/, after: /./, what: 'waits for another task: at a barrier, or for a descriptor that it sends', source: 'files.c, cr-restore.c restore_wait_other_tasks' },
  { kinds: all, before: /^(?:sockets: )?Probing sock diag|^sockets: Done probing|^PAGEMAP_SCAN|^(?:net: )?\s*LD: Got link|^Found task size|^Hugetlb size|^PR_TIMER|^vdso: |^Pagemap is|^(?:net: )?Restoring netdev veth|^cpu: (?:fpu|x86_family)/, after: /^(?:sockets: )?Done probing|^Adjust mmap_min|^(?:net: )?Dumping netns links|^PAGEMAP_SCAN|^Pagemap is|^vdso: |^(?:net: )?Restoring netdev|^Found mmap_min|^cpu: /, what: 'tries out what the kernel can do; kept in /run/criu.kdat until the next boot', source: 'kerndat.c kerndat_init' },
  { kinds: all, before: /^\s*RPC$/, after: /./, what: 'waits for the engine (runc, crun, podman) to answer a notification', source: 'action-scripts.c rpc_send_fd, cr-service.c send_criu_rpc_script' },
  { kinds: all, before: /^\s+\[.*\]$|^Running [\w-]+ scripts$/, after: /./, what: 'runs an action script', source: 'action-scripts.c run_scripts' },
];

/** `null`: nothing is known of what lies between these lines. */
export function gapCauseOf(
  kind: LogKind | null,
  { before, after }: Gap,
): { readonly what: string; readonly source: string } | null {
  const found = gapCauses.find(
    (row) => (kind === null || row.kinds.includes(kind)) && row.before.test(before) && row.after.test(after),
  );
  return found === undefined ? null : { what: found.what, source: found.source };
}
