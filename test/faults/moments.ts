/** Those that can run on any kernel that CRIU knows: `pre-copy` and `hybrid` need soft-dirty. */
export const strategies = ['docker', 'cold', 'diskless', 'post-copy'] as const;

export type Strategy = (typeof strategies)[number];

/** A host's word that the step is in the very middle; shell text that is asked again and again. */
interface Seen {
  readonly on: 'a' | 'b';
  readonly docker: string;
  readonly direct: string;
}

interface Moment {
  /** The step that has begun: on Docker's own path, and past it. */
  readonly docker: string;
  readonly direct: string;
  readonly seen?: Seen;
  /** The step, past Docker's own path, from which on it is looked for; its own step unless told. */
  readonly armed?: string;
}

const running = (words: string) => `pgrep -f '${words}' >/dev/null`;
const marked = (mark: string) => `grep -qs ' ${mark}' /run/transship/transship-*/marks`;

/** Where a fault strikes: the state that the move is in, rather than each of its twenty steps, of which several leave it as it is. */
export const moments = {
  /** It stands there before the command is typed. */
  before: { docker: '', direct: '' },
  files: { docker: 'copy-layer', direct: 'copy-layer' },
  ready: { docker: 'pause', direct: 'warm-destination' },
  dump: {
    docker: 'checkpoint',
    direct: 'dump',
    seen: { on: 'a', docker: running('runc .*checkpoint'), direct: marked('dump.frozen') },
  },
  way: { docker: 'copy-images', direct: 'hand-over' },
  restore: {
    docker: 'start',
    direct: 'hand-over',
    seen: { on: 'b', docker: running('runc .*restore'), direct: marked('runtime.criu') },
    // a restore takes 40 ms: whoever looks for it is there before
    armed: 'dump',
  },
  verify: { docker: 'verify', direct: 'verify' },
  rest: { docker: '', direct: 'residual' },
  tidy: { docker: 'remove-source', direct: 'remove-source' },
} as const satisfies Readonly<Record<string, Moment>>;

export type MomentName = keyof typeof moments;

export function stepAt(moment: MomentName, strategy: Strategy): string {
  return moments[moment][strategy === 'docker' ? 'docker' : 'direct'];
}

/** From which step on it is looked for. */
export function armedAt(moment: MomentName, strategy: Strategy): string {
  const { armed } = moments[moment] as Moment;
  return strategy === 'docker' || armed === undefined ? stepAt(moment, strategy) : armed;
}

/** How the middle of it is seen; null: as soon as it has begun. */
export function seenAt(moment: MomentName, strategy: Strategy): { readonly on: 'a' | 'b'; readonly test: string } | null {
  const { seen } = moments[moment] as Moment;
  return seen === undefined ? null : { on: seen.on, test: seen[strategy === 'docker' ? 'docker' : 'direct'] };
}
