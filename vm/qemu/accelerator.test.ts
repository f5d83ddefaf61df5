import { expect, test } from 'vitest';
import { accelerationWords, chooseAccelerator, runsUnderKvm } from './accelerator.ts';

/** What stands before QEMU's words runs in its place, and prints what such a machine would. */
const saying = (words: string) => ['sh', '-c', `echo "${words}"`];

test('KVM is taken where a kernel gets as far under it as to miss its root, and not where its module aborts', async () => {
  expect(await runsUnderKvm('vmlinuz', saying('Kernel panic - not syncing: VFS: Unable to mount root fs'))).toBe(true);
  expect(await runsUnderKvm('vmlinuz', saying('KVM internal error. Suberror: 1'))).toBe(false);
  expect(await runsUnderKvm('vmlinuz', ['false'])).toBe(false);
  expect(await runsUnderKvm('vmlinuz', ['no-such-program'])).toBe(false);
});

test('what was chosen comes with its reason', async () => {
  const { name, why } = await chooseAccelerator('vmlinuz', ['false']);
  expect(name).toBe('tcg');
  expect(why).toMatch(
    /^(\/dev\/kvm: E\w+|this CPU has neither vmx nor svm|no kernel runs under \/dev\/kvm \(tried for 20 s at most\))$/,
  );
});

test('without KVM the emulator has all processors, and a bound to what it keeps translated', () => {
  expect(accelerationWords('kvm')).toContain('host');
  expect(accelerationWords('tcg').join(' ')).toContain('thread=multi,tb-size=256');
});
