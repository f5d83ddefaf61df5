import type { Phase } from './phase.ts';

/**
 * `criu restore`. Until the tasks are forked, CRIU's main process and the first task take turns: their lines make one row of top phases.
 * Then each task has a track of its own inside `criu.restore.tasks`. Functions as in 4.1.1; texts of 3.12 to 4.2.
 */
// biome-ignore format: a table is read in rows
export const restorePhases = [
  { name: 'criu.restore.init', begins: null, lane: 'master', code: 'log_init', level: 3, source: 'log.c' },
  { name: 'criu.restore.images', begins: /^Dump CRIU run id|^Reading image tree/, lane: 'master', code: 'prepare_pstree', level: 3, source: 'image.c, pstree.c; stats restore_time begins here' },
  { name: 'criu.restore.cgroup-yard', begins: /^(?:cg: )?Preparing cgroups yard/, lane: 'master', code: 'prepare_cgroup', level: 3, source: 'cgroup.c' },
  { name: 'criu.restore.hook', begins: /^Running (?<hook>(?!network-)[\w-]+) scripts$/, lane: 'master', isRepeated: true, code: 'run_scripts', level: 4, source: 'action-scripts.c run_scripts; runc runs its prestart hooks in setup-namespaces' },
  { name: 'criu.restore.mounts-read', begins: /^(?:mnt: )?Reading mountpoint images/, lane: 'master', code: 'read_mnt_ns_img', level: 4, source: 'mount.c' },
  { name: 'criu.restore.fork', begins: /^Forking task with (?<pid>\d+) pid \(flags/, lane: 'master', cause: 'criu.clone', code: 'fork_with_pid', level: 3, source: 'cr-restore.c fork_with_pid' },
  { name: 'criu.restore.session', begins: /^timens: |^cg: Move into|^cg: Cgroups? .*inherited|^Calling restore_sid\(\) for init/, lane: 'root', isResumed: true, code: 'restore_task_with_children', level: 3, source: 'timens.c, cgroup.c, cr-restore.c restore_sid' },
  { name: 'criu.restore.namespaces', begins: /^Restoring namespaces \d+ flags/, lane: 'root', code: 'prepare_namespace', level: 3, source: 'namespaces.c' },
  { name: 'criu.restore.mounts', begins: /^(?:mnt: )?Restoring mount namespace/, lane: 'root', cause: 'criu.tmpfs-unpack', code: 'prepare_mnt_ns', level: 3, source: 'mount.c; each tmpfs is unpacked by tar (3 ms)' },
  { name: 'criu.restore.collect', begins: /^Preparing info about shared resources/, lane: 'root', code: 'root_prepare_shared', level: 3, source: 'cr-restore.c root_prepare_shared' },
  { name: 'criu.restore.tasks', begins: /^Opened (?:local|remote|maybe-local) page read|^nr_restored_pages:|^Restore on-core sigactions|^Restoring children in/, lane: 'root', code: 'restore_task_with_children', level: 3, source: 'cr-restore.c: all tasks at once, a track each' },
  { name: 'criu.restore.ghosts', after: 'criu.restore.tasks', begins: /^(?:mnt: )?Switching to new ns to clean ghosts/, lane: 'master', code: 'depopulate_roots_yard', level: 3, source: 'mount.c' },
  { name: 'criu.restore.network-unlock', begins: /^(?:net: )?Unlock network/, lane: 'master', cause: 'criu.network', code: 'network_unlock', level: 3, source: 'net.c; 4-6 forks of iptables-restore with an own network namespace: 51-87 ms' },
  { name: 'criu.restore.resume', after: 'criu.restore.network-unlock', begins: /^seccomp: mode|^\d+ was trapped|^Force no-breakpoints restore/, lane: 'any', cause: 'criu.resume', code: 'finalize_restore', level: 4, source: 'cr-restore.c, compel infect.c; stats restore_time ends here' },
  { name: 'criu.restore.late-stage', begins: /^Run late stage hook from criu master/, lane: 'master', code: 'run_plugins', level: 3, source: 'cr-restore.c; since 3.17' },
  { name: 'criu.restore.finish', begins: /^Restore finished successfully/, lane: 'master', code: 'restore_root_task', level: 3, source: 'cr-restore.c; up to 3.13 printed before the tasks resume' },
  { name: 'criu.restore.statistics', begins: /^Writing stats/, lane: 'master', code: 'write_stats', level: 3, source: 'stats.c; the tasks already run' },

  { name: 'criu.restore.join', within: 'criu.restore.task', begins: null, lane: 'task', code: 'restore_task_with_children', level: 3, source: 'cr-restore.c: cgroup, session, credentials of a new task' },
  { name: 'criu.restore.memory', within: 'criu.restore.task', begins: /^Opened (?:local|remote|maybe-local) page read|^\s*premap|^nr_restored_pages:/, lane: 'task', cause: 'criu.map-memory', code: 'prepare_mappings', level: 3, source: 'mem.c restore_priv_vma_content: pages that children share' },
  { name: 'criu.restore.signals', within: 'criu.restore.task', begins: /^Restore on-core sigactions/, lane: 'task', code: 'prepare_sigactions', level: 3, source: 'sigact.c' },
  { name: 'criu.restore.fork-children', within: 'criu.restore.task', begins: /^Restoring children in (?:alien|our) session/, lane: 'task', code: 'create_children_and_session', level: 3, source: 'cr-restore.c' },
  { name: 'criu.restore.fork-barrier', within: 'criu.restore.task', begins: /^Restoring \d+ to \d+ pgid/, lane: 'task', isWait: true, code: 'restore_finish_stage', level: 3, source: 'cr-restore.c: until the slowest task has forked' },
  { name: 'criu.restore.files', within: 'criu.restore.task', begins: /^Restoring resources|^Opening fdinfo-s/, lane: 'task', cause: 'criu.open-files', code: 'prepare_fds', level: 3, source: 'files.c, mem.c open_vmas: descriptors, then mapped files; waits for peers that send descriptors are in it' },
  { name: 'criu.restore.restorer-blob', within: 'criu.restore.task', begins: /^Restore via sigreturn/, lane: 'task', cause: 'criu.restorer', code: 'sigreturn_restore', level: 3, source: 'cr-restore.c' },
  { name: 'criu.restore.remap', within: 'criu.restore.task', begins: /^Switched to the restorer/, lane: 'task', cause: 'criu.remap', code: '__export_restore_task', level: 3, source: 'pie/restorer.c' },
  { name: 'criu.restore.pages', within: 'criu.restore.task', begins: /^Preadv /, lane: 'task', bytes: 'read', code: '__export_restore_task', level: 4, source: 'pie/restorer.c preadv_limited: bulk read of the pages' },
  { name: 'criu.restore.vdso-creds', within: 'criu.restore.task', after: 'criu.restore.pages', begins: /^vdso: |^Restoring scheduler params/, lane: 'task', code: '__export_restore_task', level: 3, source: 'pie/restorer.c: vdso, scheduler, rseq' },
] as const satisfies readonly Phase[];

/** One restored task: its lane, from fork (the first task: from where the others begin) to its last words. */
export const restoreTask: Phase = {
  name: 'criu.restore.task',
  within: 'criu.restore.tasks',
  begins: null,
  lane: 'task',
  isWait: true,
  code: 'restore_task_with_children',
  level: 3,
  source: 'cr-restore.c; lanes overlap, and hold waits at barriers',
};

/** From the last task's last words until CRIU goes on: all have met at the barrier. */
export const restoreBarrier: Phase = {
  name: 'criu.restore.barrier',
  begins: null,
  cause: 'criu.barrier',
  code: 'restore_switch_stage',
  level: 3,
  source: 'cr-restore.c, stage CR_STATE_RESTORE_SIGCHLD',
};

/** The line that ends a task's track, printed by the restorer when all but credentials is done (pie/restorer.c). */
export const restoredLine = /^\d+: Restored$/;
