import { defineConfig } from 'vitest/config';

/** Minutes, where there is no KVM: `npm test -- vm`. */
const virtualMachines = {
  test: {
    name: 'real-vm',
    include: ['test/real/vm*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Five times what two idle cores need. Code that is emulated keeps both cores busy: not beside tests that look at times, and one at a time.
    maxWorkers: 1,
    sequence: { groupOrder: 3 },
  },
};

/** They ask where every millisecond went: not beside others. */
const ofTime = ['test/real/explained.test.ts', 'test/real/delays.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'vm/**/*.test.ts', 'test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      {
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          exclude: ['test/real/vm*.test.ts', ...ofTime],
          testTimeout: 240_000,
          hookTimeout: 600_000,
          // Each file has a set of Docker hosts of its own, and waits for Docker most of the time: two at a time on two cores.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'real-alone',
          include: ofTime,
          testTimeout: 240_000,
          hookTimeout: 600_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      ...(process.env.TRANSSHIP_VMS === '1' ? [virtualMachines] : []),
    ],
  },
});
