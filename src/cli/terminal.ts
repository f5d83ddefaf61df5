import { styleText } from 'node:util';
import type { Command } from 'commander';
import { TransshipError } from '../error.ts';

export interface Terminal {
  readonly isJson: boolean;
  /** Data, on stdout: the JSON document with `--format json`, else the text. */
  result(document: object, text: () => string): void;
  /** Talk, on stderr. */
  say(line: string): void;
  warn(line: string): void;
}

/** Adds `--format text|json`, which every command that prints data has. */
export function withFormat(command: Command): Command {
  return command.option('--format <format>', 'text or json', 'text');
}

export function terminalOf(command: Command): Terminal {
  const format = command.opts().format ?? 'text';
  if (format !== 'text' && format !== 'json')
    throw new TransshipError('usage', `--format ${escapeText(String(format))} is unknown`, 'text or json');
  const isJson = format === 'json';
  return {
    isJson,
    result: (document, text) => process.stdout.write(isJson ? `${JSON.stringify(document, null, 2)}\n` : `${text()}\n`),
    say: (line) => process.stderr.write(`${line}\n`),
    warn: (line) => process.stderr.write(`${styleText('yellow', 'warning', { stream: process.stderr })} ${line}\n`),
  };
}

/** Text from outside must not drive the terminal: control characters are shown, not obeyed. */
export function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Prints an error as two lines and gives the exit status that goes with it. */
export function reportError(error: unknown): number {
  if (process.env.TRANSSHIP_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  const red = styleText('red', 'error:', { stream: process.stderr });
  if (error instanceof TransshipError) {
    process.stderr.write(`${red} ${escapeText(error.message)}\n  hint: ${escapeText(error.hint)}\n`);
    return error.exitStatus;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${red} ${escapeText(message)}\n  hint: this is a defect of transship; TRANSSHIP_DEBUG=1 shows where\n`);
  return 1;
}
