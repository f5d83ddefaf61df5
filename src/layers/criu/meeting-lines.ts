import type { LogKind } from './phase.ts';

/** Two of CRIU's processes meet: what the first says before it calls, and what the second says when it is called. */
interface MeetingRule {
  readonly with: string;
  readonly isFirst: boolean;
  readonly kinds: readonly LogKind[];
  readonly text: RegExp;
  readonly source: string;
}

// biome-ignore format: a table is read in rows
export const meetingRules: readonly MeetingRule[] = [
  { with: 'page connection', isFirst: true, kinds: ['dump', 'lazy-pages'], text: /^Connecting to server /, source: 'util.c setup_tcp_client' },
  { with: 'page connection', isFirst: false, kinds: ['dump', 'page-server'], text: /^Accepted connection from /, source: 'util.c run_tcp_server' },
  { with: 'uffd', isFirst: true, kinds: ['restore'], text: /^uffd: Sending PID (?<who>\d+)/, source: 'uffd.c send_uffd' },
  { with: 'uffd', isFirst: false, kinds: ['lazy-pages'], text: /^uffd: Received PID: (?<who>\d+)/, source: 'uffd.c ud_open' },
];

export const meetingLine = new RegExp(meetingRules.map(({ text }) => text.source.replace('?<who>', '')).join('|'));
