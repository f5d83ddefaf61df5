import { expect, test } from 'vitest';
import { codePlaces } from './code-places.ts';

const code = (text: string): Buffer => Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex');

/*
 *  0  cmp rsp, [r14+16]      7  call more
 *  4  jbe 7                 12  jmp 0
 *  6  ret
 */
const checked = '49 3b 66 10  76 01  c3  e8 00 00 00 00  eb f2';

test('a function that may begin anew for more stack is entered behind its check', () => {
  expect(codePlaces(code(checked))).toEqual({ entry: 6, returns: [6] });
});

test('a large frame has two jumps in its check', () => {
  // mov r12, rsp · sub r12, 0xff98 · jb more · cmp r12, [r14+16] · jbe more · ret · more: call · jmp 0
  const large = '49 89 e4  49 81 ec 98 ff 00 00  72 07  4d 3b 66 10  76 01  c3  e8 00 00 00 00  eb e6';
  expect(codePlaces(code(large))).toEqual({ entry: 18, returns: [18] });
});

test('one that needs no check is entered at its first byte', () => {
  expect(codePlaces(code('48 ff c0  c3'))).toEqual({ entry: 0, returns: [3] });
});

test('a jump at its beginning that leads into its body is no check of the stack', () => {
  // test rax, rax · jbe 6 · ret · inc rax · ret
  expect(codePlaces(code('48 85 c0  76 01  c3  48 ff c0  c3'))).toEqual({ entry: 0, returns: [5, 9] });
});

test('c3 within another instruction is no return', () => {
  // mov eax, 0xc3c3c3c3 · ret
  expect(codePlaces(code('b8 c3 c3 c3 c3  c3'))).toEqual({ entry: 0, returns: [5] });
});

test.each([
  ['jmp far away', 'e9 00 10 00 00', 'it ends in a jump into another function'],
  ['a loop', 'eb fe', 'it never returns'],
  ['no instruction', '48 ff c0  06  c3', 'its code is not all instructions'],
  ['nothing', '', 'it never returns'],
])('%s: not probed, and said why', (_, text, why) => {
  expect(codePlaces(code(text))).toBe(why);
});
