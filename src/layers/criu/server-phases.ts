import type { Phase } from './phase.ts';

/** `criu page-server`: a process of its own with its own zero. */
// biome-ignore format: a table is read in rows
export const pageServerPhases = [
  { name: 'criu.page-server.init', begins: null, code: 'log_init', level: 3, source: 'log.c' },
  { name: 'criu.page-server.wait', begins: /^Starting page server on port/, isWait: true, code: 'run_tcp_server', level: 3, source: 'util.c' },
  { name: 'criu.page-server.session', begins: /^Accepted connection from/, bytes: 'received', code: 'page_server_serve', level: 3, source: 'page-xfer.c' },
] as const satisfies readonly Phase[];

/** `criu lazy-pages`: all its lines are debug (-v4). */
// biome-ignore format: a table is read in rows
export const lazyPagesPhases = [
  { name: 'criu.lazy-pages.init', begins: null, code: 'log_init', level: 3, source: 'log.c' },
  { name: 'criu.lazy-pages.wait', begins: /^uffd: Waiting for incoming connections/, isWait: true, code: 'prepare_uffds', level: 4, source: 'uffd.c' },
  { name: 'criu.lazy-pages.prepare', begins: /^uffd: Received PID: \d+/, code: 'ud_open', level: 4, source: 'uffd.c' },
  { name: 'criu.lazy-pages.serve', after: 'criu.lazy-pages.prepare', begins: /^Connecting to server |^uffd: \d+-\d+: #PF at/, bytes: 'fetched', cause: 'criu.serve', code: 'handle_requests', level: 4, source: 'uffd.c' },
  { name: 'criu.lazy-pages.end', begins: /^(?:page-xfer: )?Disconnect from the page server/, code: 'disconnect_from_page_server', level: 4, source: 'page-xfer.c' },
] as const satisfies readonly Phase[];
