import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'vm/**/*.test.ts', 'test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      {
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 600_000,
          // Two cores and one set of Docker hosts: one file after another.
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
    ],
  },
});
