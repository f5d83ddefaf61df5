import { accessSync, constants, readFileSync } from 'node:fs';
import { execa } from 'execa';

export type Accelerator = 'kvm' | 'tcg';

/** A kernel without a root file system panics within a second, under KVM; 20 s are for a busy machine. */
const proofLimitMs = 20_000;

/** Words of QEMU for what runs the code. Without `tb-size` TCG takes up to 1 GiB for translated code. */
export function accelerationWords(accelerator: Accelerator): readonly string[] {
  return accelerator === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max'];
}

export interface Chosen {
  readonly name: Accelerator;
  readonly why: string;
}

/**
 * KVM where it is seen to run that kernel, else software emulation. That /dev/kvm opens proves nothing: behind it there can be a
 * module that runs only kernels made for it, and QEMU then aborts, or spins.
 * @param vmlinuz the kernel's file
 * @param prefix words put before what is run
 */
export async function chooseAccelerator(vmlinuz: string, prefix: readonly string[]): Promise<Chosen> {
  const refusal = kvmRefusal();
  if (refusal !== null) return { name: 'tcg', why: refusal };
  return (await runsUnderKvm(vmlinuz, prefix))
    ? { name: 'kvm', why: 'a kernel ran under it' }
    : { name: 'tcg', why: `no kernel runs under /dev/kvm (tried for ${proofLimitMs / 1e3} s at most)` };
}

/** What rules KVM out before it is tried; null when nothing does. */
function kvmRefusal(): string | null {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch (error) {
    return `/dev/kvm: ${(error as NodeJS.ErrnoException).code}`;
  }
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8')) ? null : 'this CPU has neither vmx nor svm';
}

/** Boots the kernel with nothing: it works when the kernel gets as far as to miss its root. */
export async function runsUnderKvm(vmlinuz: string, prefix: readonly string[]): Promise<boolean> {
  const machine = ['-machine', 'q35', ...accelerationWords('kvm'), '-m', '256', '-nodefaults', '-no-user-config', '-no-reboot'];
  const rest = ['-display', 'none', '-serial', 'stdio', '-kernel', vmlinuz, '-append', 'console=ttyS0 panic=-1'];
  const words = [...prefix, 'qemu-system-x86_64', ...machine, ...rest];
  const { stdout } = await execa(words[0] as string, words.slice(1), {
    reject: false,
    timeout: proofLimitMs,
    killSignal: 'SIGKILL',
    stdin: 'ignore',
  });
  return /Kernel panic - not syncing: VFS/.test(stdout ?? '');
}
