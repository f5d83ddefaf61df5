/** Where an error comes from; it picks the exit status (docs: exit status table in README). */
export type ErrorCode =
  | 'usage' // the command line is wrong: 2
  | 'not-ready' // a host is missing something, or was refused before anything was touched: 3
  | 'input' // a file cannot be read as what it should be: 4
  | 'failed' // the migration failed, the container runs on the source: 1
  | 'lost' // the container runs nowhere: 70
  | 'interrupted'; // interrupted and rolled back: 130

const exitStatuses: Readonly<Record<ErrorCode, number>> = {
  failed: 1,
  usage: 2,
  'not-ready': 3,
  input: 4,
  lost: 70,
  interrupted: 130,
};

/**
 * The one error class. `message` begins with the place (`file:line: `) where there is one;
 * `hint` says what to do about it. Printed as two lines, without a stack.
 */
export class TransshipError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransshipError';
    this.code = code;
    this.hint = hint;
  }

  get exitStatus(): number {
    return exitStatuses[this.code];
  }
}
