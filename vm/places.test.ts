import { expect, test } from 'vitest';
import { requirePlainPath } from './places.ts';

test.each([['/run/user/1000/transship/testbed/default'], ['/home/a.b-c_d/.local/state/transship/run/x']])(
  '%s can have the sockets of a set',
  (folder) => {
    expect(() => requirePlainPath(folder)).not.toThrow();
  },
);

test.each([['/home/a b/run'], ['/home/a,b/run'], ["/home/it's/run"], ['/home/100%/run'], [`/home/${'x'.repeat(80)}`]])(
  '%s cannot: ssh or QEMU would take it apart, or the kernel has no room for it',
  (folder) => {
    expect(() => requirePlainPath(folder)).toThrow(
      expect.objectContaining({ code: 'not-ready', hint: expect.stringContaining('set XDG_RUNTIME_DIR') }),
    );
  },
);
