import { TransshipError } from '../error.ts';
import { escapeText } from './terminal.ts';

/** An option that counts lines. */
export function wholeNumber(option: string, text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new TransshipError('usage', `${option} ${escapeText(text)} is no number`, `a whole number, as in ${option} 10`);
}
