import { expect, test } from 'vitest';
import { lacking, levelOf } from './cpu-check.ts';

const epyc = 'fpu cx8 sse4_2 avx2 avx512f pni sha_ni invpcid md_clear'.split(' ');

test('an instruction that is missing is grave, what only the kernel uses is not', () => {
  const older = epyc.filter((flag) => !['avx512f', 'sha_ni', 'md_clear', 'invpcid'].includes(flag));
  expect(lacking(epyc, older, 'x86_64')).toEqual({ instructions: ['avx512f', 'sha_ni'], others: ['invpcid', 'md_clear'] });
});

test('a destination that can more lacks nothing', () => {
  expect(lacking(epyc, [...epyc, 'amx_tile'], 'x86_64')).toEqual({ instructions: [], others: [] });
});

test('on arm64 all that is listed is for programs', () => {
  expect(lacking(['asimd', 'sve'], ['asimd'], 'aarch64')).toEqual({ instructions: ['sve'], others: [] });
});

test('the level of a processor is the highest that it has whole', () => {
  const second = ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3'];
  const third = [...second, 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave'];
  expect([[], second, third, [...third, 'avx512f']].map(levelOf)).toEqual(['x86-64', 'x86-64-v2', 'x86-64-v3', 'x86-64-v3']);
});
