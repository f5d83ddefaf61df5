/**
 * What CRIU tells whoever runs it, and waits until that has answered (criu/action-scripts.c); what runc does then
 * (runc, libcontainer/criu_linux.go criuNotifications, Docker's part: moby, daemon/oci_linux.go). In the log: `Running HOOK scripts`.
 */
export const notifications = [
  { hook: 'pre-dump', meaning: 'CRIU is about to dump; runc only answers' },
  { hook: 'post-dump', meaning: 'the images are there: runc marks the container as checkpointed' },
  { hook: 'status-ready', meaning: 'the page server listens: runc passes the word on' },
  { hook: 'pre-restore', meaning: 'CRIU is about to restore; runc only answers' },
  {
    hook: 'setup-namespaces',
    meaning: "the namespaces are there: runc runs the prestart hooks, with Docker the network's (`libnetwork-setkey`)",
  },
  { hook: 'post-setup-namespaces', meaning: 'the mount namespace is there; runc only answers' },
  { hook: 'post-restore', meaning: 'all is restored but not running: runc writes its state and the process id' },
  { hook: 'pre-resume', meaning: 'the tasks are about to run; runc only answers' },
  { hook: 'post-resume', meaning: 'the tasks run; runc only answers' },
  { hook: 'orphan-pts-master', meaning: "a terminal's other end: runc takes it for the console" },
] as const;
