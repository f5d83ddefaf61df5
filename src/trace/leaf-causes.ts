import type { Attributes } from './layer-spans.ts';

/** What the time of a span goes to, where bytes do not tell it: what is waited for, or what has to be done. */
interface LeafCause {
  readonly what: string;
  /** Of what makes it so: file and function, of the layer or ours. */
  readonly source: string;
}

/**
 * The causes that rows of tables name. Only what the sources say is here: a phase of which nothing is known but its function has none, and a leaf of it
 * that takes long is not explained by its name.
 */
// biome-ignore format: a table is read in rows
export const leafCauses = {
  // CRIU before its log begins and after it has ended (src/trace/criu-edges.ts)
  'criu.load': { what: 'CRIU is loaded, and takes its request from runc, before its log begins', source: 'criu/cr-service.c cr_service_work' },
  'criu.end': { what: 'the process ends after its last line: the kernel closes what it has open, and takes its memory down', source: 'Linux kernel/exit.c do_exit' },
  // CRIU's phases (src/layers/criu); where a log's own silences tell more, a row of gap-causes.ts stands instead
  'criu.freezer': { what: 'waits for the cgroup freezer, which CRIU asks every 100 ms only', source: 'criu/seize.c freeze_processes' },
  'criu.seize': { what: 'waits for one task after another to stop at ptrace', source: 'compel/src/lib/infect.c compel_wait_task' },
  'criu.connect': { what: 'waits for the page server to take the connection', source: 'criu/util.c setup_tcp_client' },
  'criu.network': { what: 'starts programs that lock or unlock the network (iptables-restore), and waits for their ends', source: 'criu/net.c network_lock_internal, network_unlock' },
  'criu.smaps': { what: 'reads the areas of the memory from the kernel, which walks the page tables for that', source: 'criu/proc_parse.c parse_smaps' },
  'criu.parasite': { what: 'the task itself makes the system calls that put CRIU’s code into it, or take it out: each waits until the task is scheduled', source: 'compel/src/lib/infect.c compel_infect, compel_stop_on_syscall' },
  'criu.descriptors': { what: 'asks the kernel for each open file, one after another', source: 'criu/files.c dump_task_files_seized' },
  'criu.pagemap': { what: 'reads the page map of one area after another', source: 'criu/mem.c generate_iovs' },
  'criu.drain': { what: 'CRIU’s code in the task puts the pages into pipes: waits for its answer', source: 'criu/mem.c drain_pages' },
  'criu.cgroup-sets': { what: 'mounts and walks the controllers of a set of cgroups: the first task of a set pays', source: 'criu/cgroup.c collect_cgroups' },
  'criu.tmpfs-pack': { what: 'packs each tmpfs with tar, a program for each, one after another', source: 'criu/filesystems.c tmpfs_dump' },
  'criu.tmpfs-unpack': { what: 'makes each mount, and unpacks each tmpfs with tar, a program for each, one after another', source: 'criu/mount.c, criu/filesystems.c tmpfs_restore' },
  'criu.dump-netns': { what: 'enters the network namespace and mounts its sysfs, for which the kernel waits for all processors; starts programs (ip, iptables-save) only for one that is not external', source: 'criu/net.c dump_net_ns, mount_ns_sysfs' },
  'criu.dump-namespaces': { what: 'waits for the processes that dump the namespaces', source: 'criu/namespaces.c dump_namespaces' },
  'criu.disconnect': { what: 'waits until the page server has taken all pages and says so', source: 'criu/page-xfer.c disconnect_from_page_server' },
  'criu.serve': { what: 'serves the pages that the restored tasks touch, then the rest: waits for who asks for them', source: 'criu/page-xfer.c page_server_serve' },
  'criu.unfreeze': { what: 'lets the tasks go; of those that end the kernel takes the memory down', source: 'criu/seize.c pstree_switch_state' },
  'criu.clone': { what: 'clones the first task: the kernel makes its namespaces', source: 'criu/cr-restore.c fork_with_pid' },
  'criu.map-memory': { what: 'maps one area of the memory after another, and reads the pages that tasks share', source: 'criu/mem.c prepare_mappings, restore_priv_vma_content' },
  'criu.open-files': { what: 'opens descriptors and mapped files, and waits for other tasks that send theirs', source: 'criu/files.c prepare_fds, criu/mem.c open_vmas' },
  'criu.restorer': { what: 'maps the restorer’s code and what it has to know into the task', source: 'criu/cr-restore.c sigreturn_restore' },
  'criu.remap': { what: 'moves one area of the memory after another to its place', source: 'criu/pie/restorer.c __export_restore_task' },
  'criu.barrier': { what: 'waits until every task has come to the same point', source: 'criu/cr-restore.c restore_switch_stage' },
  'criu.resume': { what: 'waits for the restored tasks to reach their last system call, then lets them go', source: 'criu/cr-restore.c finalize_restore' },
  // scripts on the hosts (src/layers/transship/host-marks.ts)
  'script.connect': { what: 'waits until both scripts on the destination have answered, through ssh', source: 'src/wrap/host/dump.sh' },
  'script.find': { what: 'find goes through writable layer and volumes for a file that has changed', source: 'src/wrap/host/dump.sh has_changed' },
  'script.copy': { what: 'waits until the files that have changed are on the destination', source: 'src/wrap/host/dump.sh copy_changes' },
  'script.send': { what: 'waits until the images are sent and unpacked there', source: 'src/wrap/host/dump.sh, unpack.sh' },
  'script.freezer': { what: 'waits for the cgroup freezer, which our script asks every 0.2 ms', source: 'src/wrap/host/dump.sh is_frozen' },
  'script.link': { what: 'starts ip for one link of the container after another', source: 'src/wrap/host/dump.sh' },
  'script.unpack': { what: 'waits until the images that were sent are unpacked', source: 'src/wrap/host/receive.sh' },
  'script.hear': { what: 'our runtime is waited for, which has to be scheduled to hear the word', source: 'src/wrap/host/restore.sh hear' },
  'script.mount': { what: 'mounts the root anew where files have changed, and writes what the container logged meanwhile', source: 'src/wrap/host/restore.sh remount, replay' },
  'script.page-daemon': { what: 'waits for criu lazy-pages to listen, looking each ms', source: 'src/wrap/host/restore.sh' },
  'script.announce': { what: 'starts programs that bring links up, announce addresses, and forget who is not known yet', source: 'src/wrap/host/restore.sh, links.sh' },
  'runc.start': { what: 'runc comes up, and starts CRIU to ask its version and what it can do', source: 'runc libcontainer/criu_linux.go checkCriuVersion, checkCriuFeatures' },
  // programs and commands
  command: { what: 'waits for the command of process.command_line on that host', source: 'src/hosts/shell.ts' },
  program: { what: 'the program of process.executable.path, from its start to its end', source: 'kernel.trace, wrap.jsonl' },
  'dockerd.set-key': { what: 'moves the container’s interfaces into its network namespace, with addresses and routes', source: 'moby libnetwork/sandbox_linux.go (*Sandbox).SetKey' },
} as const satisfies Readonly<Record<string, LeafCause>>;

export type LeafCauseName = keyof typeof leafCauses;

export function causedBy(name: LeafCauseName): Attributes {
  return toldCause(leafCauses[name].what);
}

/** The same in words of a table of its own (CRIU's silences and notifications). */
export function toldCause(what: string): Attributes {
  return { 'migration.cause': what };
}
