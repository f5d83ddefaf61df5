import { quoteWord } from './link.ts';
import { patient } from './patience.ts';

/** Shell text: what stands before a command for the host that these words reach. Each is a login of its own, and leaves nothing behind. */
export function sshOnce(words: readonly string[]): string {
  return `ssh -o BatchMode=yes -o ConnectTimeout=${patient(5)} ${words.map(quoteWord).join(' ')}`;
}
