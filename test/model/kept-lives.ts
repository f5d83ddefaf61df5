import type { Life } from './lives.ts';

/** Lives that once ended badly, each with what was wrong then. `fc` shrank them. */
export const keptLives: readonly { readonly what: string; readonly life: Life }[] = [
  {
    what: 'the destination went away in the last wait for memory: both sides were said to stand still, and it ran',
    life: { strategy: 'post-copy', faults: [...quiet(15), 980], recoveries: 0 },
  },
  {
    what: 'the answer of a checkpoint was lost, and it froze the source anew after the roll-back had let it go',
    life: { strategy: 'docker', faults: [...quiet(6), 850, 900], recoveries: 0 },
  },
  {
    what: 'and it could not be seen whether that checkpoint had ended: the source was let go all the same',
    life: { strategy: 'docker', faults: [...quiet(6), 800, 800, 0, 740], recoveries: 0 },
  },
  {
    what: 'a copy that a recovery had frozen was taken for the live one before it went on',
    life: { strategy: 'post-copy', faults: [...quiet(14), 880, 0, 0, 0, 740, 0, 0, 0, 0, 970], recoveries: 2 },
  },
];

function quiet(calls: number): readonly number[] {
  return Array.from({ length: calls }, () => 0);
}
