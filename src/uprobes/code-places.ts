import { Code, Decoder, FlowControl } from 'iced-x86';

/** Where in a function's code to look, counted from its first byte. */
export interface CodePlaces {
  /** Behind the check of the stack, from which a function that needs more of it begins anew: passed once a call. */
  readonly entry: number;
  /** Every instruction by which it returns. */
  readonly returns: readonly number[];
}

interface Instruction {
  readonly at: number;
  readonly next: number;
  readonly flow: FlowControl;
  /** Of a jump whose target stands in the instruction; null: any other. */
  readonly target: number | null;
}

/** How many instructions Go's check of the stack takes at most (cmd/internal/obj/x86/obj6.go, stacksplit). */
const checkLength = 8;

/**
 * Go leaves a function by `ret`. It ends none that somebody wrote in a jump into another one, only methods that it makes itself; a jump whose target
 * is not in the instruction is that of a `switch`, by a table which lies elsewhere (cmd/compile/internal/ssagen, jump tables).
 * @returns a string where the function cannot be probed: why
 */
export function codePlaces(code: Buffer): CodePlaces | string {
  const instructions = decode(code);
  if (instructions === null) return 'its code is not all instructions';
  const isElsewhere = (target: number | null) => target !== null && (target < 0 || target >= code.length);
  if (instructions.some(({ target }) => isElsewhere(target))) return 'it ends in a jump into another function';
  const returns = instructions.filter(({ flow }) => flow === FlowControl.Return).map(({ at }) => at);
  if (returns.length === 0) return 'it never returns';
  return { entry: behindStackCheck(instructions), returns };
}

/**
 * The check is a comparison and a jump to the function's end, where the stack is made larger, and from there back to its first byte:
 *
 *   cmp rsp, [r14+16] · jbe more · …the function… · more: call runtime.morestack · jmp 0
 */
function behindStackCheck(instructions: readonly Instruction[]): number {
  const back = instructions.findLast(({ flow, target }) => flow === FlowControl.UnconditionalBranch && target === 0);
  if (back === undefined) return 0; // it needs so little that nothing is checked
  let behind = 0;
  for (const { next, flow, target } of instructions.slice(0, checkLength)) {
    if (flow === FlowControl.ConditionalBranch && target !== null && leadsTo(back, target, instructions)) behind = next;
    else if (flow !== FlowControl.Next) break;
  }
  return behind;
}

function leadsTo(back: Instruction, from: number, instructions: readonly Instruction[]): boolean {
  const between = instructions.filter(({ at }) => at >= from && at < back.at);
  return from <= back.at && between.every(({ flow }) => flow === FlowControl.Next || flow === FlowControl.Call);
}

/** Null: some bytes are no instruction. */
function decode(code: Buffer): readonly Instruction[] | null {
  const decoder = new Decoder(64, code, 0);
  const instructions: Instruction[] = [];
  try {
    while (decoder.canDecode) {
      const at = decoder.position;
      const instruction = decoder.decode();
      const flow = instruction.flowControl;
      const isJump = flow === FlowControl.ConditionalBranch || flow === FlowControl.UnconditionalBranch;
      const target = isJump ? Number(BigInt.asIntN(64, instruction.nearBranchTarget)) : null;
      const isInvalid = instruction.code === Code.INVALID;
      instruction.free();
      if (isInvalid) return null;
      instructions.push({ at, next: decoder.position, flow, target });
    }
    return instructions;
  } finally {
    decoder.free();
  }
}
