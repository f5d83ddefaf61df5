import type { Ns } from '../../trace/time.ts';

/** One line of dockerd's log, which holds containerd's and the shim's too. */
export interface DaemonLine {
  /** `null`: no line, a moment that a file's time tells. */
  readonly line: number | null;
  readonly timeNs: Ns;
  /** It was not earlier, and so much later at most. */
  readonly lateNs?: Ns;
  /** The message; of an event that dockerd took from containerd, `event` and its topic. */
  readonly text: string;
}

/** logfmt as logrus writes it (https://github.com/sirupsen/logrus, text_formatter.go); other lines are left out. */
const logfmt = /^time="([^"]+)" level=\w+ msg=("(?:[^"\\]|\\.)*"|\S+)(.*)$/;
/** A line longer than this is a dump of something, not a message. */
const longestLine = 8192;

export function parseDaemonLog(text: string): readonly DaemonLine[] {
  return text.split('\n').flatMap((raw, index) => {
    if (raw.length > longestLine) return [];
    const [, time = '', message = '', fields = ''] = logfmt.exec(raw) ?? [];
    const timeNs = instantNs(time);
    if (timeNs === null) return [];
    const topic = /\btopic=(\S+)/.exec(fields)?.[1];
    const plain = unquote(message);
    return { line: index + 1, timeNs, text: plain === 'event' && topic !== undefined ? `event ${topic}` : plain };
  });
}

function unquote(message: string): string {
  return message.startsWith('"') ? message.slice(1, -1).replace(/\\(.)/g, '$1') : message;
}

/** RFC 3339 with up to nine places, which `Date` does not have. */
function instantNs(text: string): Ns | null {
  const [, seconds = '', fraction = '', zone = ''] = /^([\dT:-]{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  return Number.isNaN(ms) ? null : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
