import { defineConfig } from 'vitest/config';

/** It asks where every millisecond went: not beside others. */
const ofTime = ['test/real/explained.test.ts'];

/** What `npm test` plays on virtual machines; all: `npm test -- vm`. */
const fewOnMachines = ['test/real/vm.test.ts', 'test/real/vm-cell.test.ts'];

/**
 * Four files at a time on two cores: one on real hosts has a set of its own and takes half of a core, as a move lasts 6 s and takes 3 s of
 * processor; the emulator of the machines has what they leave. Vitest begins the files of a group in the order of its projects' names, the
 * largest first: what takes minutes is under way from the beginning, and the short ones fill the end.
 */
const together = { maxWorkers: 4, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'machines',
          include: process.env.TRANSSHIP_VMS === '1' ? ['test/real/vm*.test.ts'] : fewOnMachines,
          // Ten times what two idle cores need.
          testTimeout: 1_200_000,
          hookTimeout: 600_000,
          setupFiles: ['test/low-priority.ts'],
          ...(process.env.TRANSSHIP_VMS === '1' ? { maxWorkers: 1, sequence: { groupOrder: 3 } } : together),
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          exclude: ['test/real/vm*.test.ts', ...ofTime],
          testTimeout: 240_000,
          hookTimeout: 600_000,
          ...together,
        },
      },
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'vm/**/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          ...together,
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
    ],
  },
});
