import type { Reporter, TestModule } from 'vitest/node';

/** Lists what was skipped and why, then closes with the line `N passed, N failed`. */
// biome-ignore lint/style/noDefaultExport: vitest takes a reporter as a module's default export
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const brokenModules = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    for (const test of skipped) process.stdout.write(`skipped: ${test.fullName}\n`);
    if (skipped.length > 0 && process.env.CI === 'true') process.exitCode = 1;
    process.stdout.write(`${count('passed')} passed, ${count('failed') + brokenModules} failed\n`);
  }
}
