import { quoteWord } from '../../hosts/link.ts';

/** One line of bash a value; an array where there are several words. */
export function assignments(values: Readonly<Record<string, string | number | readonly string[]>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (typeof value === 'object') return `${name}=(${value.map(quoteWord).join(' ')})\n`;
      return `${name}=${quoteWord(String(value))}\n`;
    })
    .join('');
}
