import type { AlignedSpan } from './aligned-span.ts';
import { clip, lengthNs } from './intervals.ts';
import { services } from './layer-spans.ts';
import { isOnlooker } from './trace-leaves.ts';

/** Which step causes a layer's root: it hangs there where nothing of an upper layer in that step encloses it (clock off, evidence missing). */
const causes: readonly { readonly root: RegExp; readonly step: RegExp }[] = [
  { root: /^dockerd\.pause$/, step: /^migration\.checkpoint\.pause$/ },
  { root: /^dockerd\.checkpoint$/, step: /^migration\.checkpoint\.checkpoint$/ },
  { root: /^dockerd\.start$/, step: /^migration\.restore\.start$/ },
  { root: /^criu\.(pre-)?dump/, step: /^migration\.checkpoint\.checkpoint$/ },
  { root: /^criu\.restore/, step: /^migration\.restore\.start$/ },
];

/** The call that a CRIU is, as runc made it, and that of our runtime: where it is known nothing else is asked, as steps that wait through it are often shorter. */
const calls: readonly { readonly root: RegExp; readonly call: RegExp }[] = [
  { root: /^criu\.dump/, call: /^runc\.criu\.dump$/ },
  { root: /^criu\.restore/, call: /^runc\.criu\.restore$/ },
  { root: /^criu\.(?:dump|pre-dump|restore)/, call: /^runc\.criu-swrk$/ },
  { root: /^criu\.(?:start|exit)$/, call: /^runc\.criu\./ },
  { root: /^runc\.(?:create\.wait|restore\.prepare)$/, call: /^containerd\.start\.create-task$/ },
];

/**
 * What cannot be under what: a layer is called by those before it in the list; CRIU's processes stand side by side. Our own scripts on
 * a host are called by the controller's steps. What a program tells of itself is below what was seen of it from outside.
 */
function rank({ service, isController, isInside }: AlignedSpan): number {
  if (service === 'transship') return isController ? 0 : 0.5;
  return Math.min(services.indexOf(service), services.indexOf('criu')) + (isInside ? 0.5 : 0);
}

/**
 * The span that a layer's root hangs under: the smallest of an upper layer, on its own host, that encloses it within the
 * bounds of both; where a step is known to cause such a root, in that step, or else that step; else the trace's root.
 *
 *   migration ├──────────────────────────────────┤
 *   docker.api  ├───────────────┤  ├──────────┤        criu.dump is enclosed by the first call alone
 *   criu.dump      ├──────┤
 */
export function callerOf(root: AlignedSpan, all: readonly AlignedSpan[], top: AlignedSpan | undefined): AlignedSpan | undefined {
  if (root === top) return undefined;
  if (root.span.isDetail) return doerOf(root, all) ?? callerOf({ ...root, span: { ...root.span, isDetail: false } }, all, top);
  const uppers = all.filter((upper) => rank(upper) < rank(root) && isSameSide(upper, root) && !isOnlooker(upper.span));
  const around = uppers.filter((upper) => encloses(upper, root) && !isAside(upper));
  const known = calls.filter((entry) => entry.root.test(root.span.name));
  const called = known.map(({ call }) => smallest(around.filter((upper) => call.test(upper.span.name))));
  const caller = called.find((upper) => upper !== undefined) ?? smallest(around);
  const cause = causeOf(root, uppers);
  // a wrong clock puts it into some other span: under its cause, that is seen
  if (cause !== undefined && (caller === undefined || !encloses(cause, caller))) return cause;
  return caller ?? top;
}

/** The span of its own service in whose time most of it lies; of those that hold it nearly alike, as their clocks have bounds, the innermost. */
function doerOf(root: AlignedSpan, all: readonly AlignedSpan[]): AlignedSpan | undefined {
  const own = all.filter(({ service, host, span }) => service === root.service && host === root.host && !span.isDetail);
  const commonNs = own.map((upper) => lengthNs(clip([root], upper)));
  const mostNs = commonNs.reduce((most, ns) => (ns > most ? ns : most), 0n);
  return mostNs === 0n ? undefined : smallest(own.filter((_, index) => (commonNs[index] ?? 0n) * 10n >= mostNs * 9n));
}

/** What one of our scripts does itself while others work, and what is left of a call of runc beside those that it made: it calls nobody. */
function isAside({ service, isController, span }: AlignedSpan): boolean {
  return (service === 'transship' && !isController && span.isWait !== true) || span.name === 'runc.work';
}

function isSameSide(upper: AlignedSpan, root: AlignedSpan): boolean {
  if (upper.service === 'transship') return upper.role === root.role || upper.role === undefined;
  return upper.host === root.host;
}

/** Clocks run at nearly the same pace: over a minute they part by less than this. */
const paceNs = 1_000_000n;

/** Offsets may be off, lengths hardly: a caller is at least as long as what it called. */
function encloses(upper: AlignedSpan, root: AlignedSpan): boolean {
  if (upper.endNs - upper.startNs + paceNs < root.endNs - root.startNs) return false;
  const slackNs = upper.boundNs + root.boundNs;
  return upper.startNs - slackNs <= root.startNs && root.endNs <= upper.endNs + slackNs;
}

/** Of equals the later one: it stands deeper, as parents come first in their layer. */
function smallest(spans: readonly AlignedSpan[]): AlignedSpan | undefined {
  let least: AlignedSpan | undefined;
  for (const span of spans) if (least === undefined || span.endNs - span.startNs <= least.endNs - least.startNs) least = span;
  return least;
}

/** The step that makes such a root, whatever the clocks say. */
export function causeOf(root: AlignedSpan, uppers: readonly AlignedSpan[]): AlignedSpan | undefined {
  const cause = causes.find((entry) => entry.root.test(root.span.name));
  return cause && uppers.find((upper) => cause.step.test(upper.span.name));
}
