import type { Meeting } from '../../trace/layer-spans.ts';
import { usToNs } from '../../trace/time.ts';
import type { CriuLog } from './evidence.ts';
import { meetingRules } from './meeting-lines.ts';

/** Of a line that stands several times, the first counts. */
export function meetingsOf({ digest, anchor }: CriuLog): readonly Meeting[] {
  const found = new Map<string, Meeting>();
  for (const { us, text } of digest.marks) {
    for (const rule of meetingRules) {
      const match = digest.kind !== null && rule.kinds.includes(digest.kind) ? rule.text.exec(text) : null;
      if (match === null) continue;
      const name = `${rule.with} ${match.groups?.who ?? ''}`.trimEnd();
      if (!found.has(name)) found.set(name, { with: name, isFirst: rule.isFirst, atNs: anchor.zeroNs + usToNs(us) });
    }
  }
  return [...found.values()];
}
