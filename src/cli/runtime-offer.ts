import type { Host } from '../hosts/host.ts';
import { applyInstall, isInPlace, planInstall } from '../wrap/install.ts';
import { askConsent } from './consent.ts';
import { interruptSignal } from './interrupt.ts';
import type { Terminal } from './terminal.ts';
import { installLines } from './wrap-text.ts';

interface Offer {
  readonly isAgreed: boolean;
  readonly isDry: boolean;
  /** Where what would be touched is shown. */
  readonly print: (text: string) => void;
}

/**
 * Shows what our runtime would touch on the host, asks, and installs it.
 * @returns whether it is there now
 * @throws TransshipError `usage` when there is nobody to ask and nobody agreed
 */
export async function offerRuntime(terminal: Terminal, host: Host, { isAgreed, isDry, print }: Offer): Promise<boolean> {
  const plan = await planInstall(host);
  if (isInPlace(plan)) {
    terminal.say(`${host.name}: the runtime is installed, and of this version`);
    return true;
  }
  print([`${host.name}: transship's runtime`, ...installLines(plan)].join('\n'));
  if (isDry) return false;
  if (!(await askConsent(`Install it on ${host.name}?`, isAgreed))) {
    terminal.say('nothing was touched');
    return false;
  }
  const interrupt = interruptSignal(terminal.say, `what was changed on ${host.name}`);
  try {
    await applyInstall(host, plan, interrupt.signal);
  } finally {
    interrupt.release();
  }
  terminal.say(`${host.name}: installed; transship wrap remove ${host.endpoint} takes it off again`);
  return true;
}
