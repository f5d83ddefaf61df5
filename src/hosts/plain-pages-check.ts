import { type Check, type Finding, hasPageChannel, ok, type PairSubject, warn } from './check.ts';

/** Who leaves the encryption out is told where that matters. */
export const plainPagesCheck: Check<PairSubject> = {
  name: 'plain-pages',
  why: "a container's memory holds its passwords and keys, and --plain-pages sends it as it is",
  hint: 'leave --plain-pages out, unless nobody else can read what goes over that link',
  probe: ({ destination, allowed }) => {
    if (allowed.plainPages !== true || !hasPageChannel(allowed)) return null;
    return plainPagesFinding(destination.host.address);
  },
};

/** @param address of the destination, as the source sees it */
export function plainPagesFinding(address: string | null): Finding {
  if (address !== null && /^(?:127\.|::1$|localhost$)/.test(address)) return ok(`the way to ${address} leaves no host`);
  return warn('--plain-pages: the memory goes over the link unencrypted');
}
