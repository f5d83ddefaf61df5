import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node';
import type {} from './move-story.ts';

/** Lists what was skipped and why, then closes with the line `N passed, N failed`. In CI a skip is a failure. */
// biome-ignore lint/style/noDefaultExport: vitest takes a reporter as a module's default export
export default class ClosingLine implements Reporter {
  #isFiltered = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined; // `-t NAME` leaves out on purpose
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // a hook or an import that failed: its tests count as skipped, and the failure would be seen nowhere
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length + errors.length;
    for (const test of tests.filter((each) => each.result().state === 'failed' || each.diagnostic()?.flaky === true)) tell(test);
    const skipped = this.#isFiltered ? [] : tests.filter((test) => test.result().state === 'skipped');
    for (const test of skipped) process.stdout.write(`skipped: ${test.fullName}\n`);
    if (skipped.length > 0 && process.env.CI === 'true') {
      process.stdout.write('in CI nothing may be skipped\n');
      process.exitCode = 1;
    }
    process.stdout.write(`${count('passed')} passed, ${count('failed') + broken} failed\n`);
  }
}

/** One that passed when it was played again has failed all the same. */
function tell(test: TestCase): void {
  const { state, errors } = test.result();
  if (state === 'passed')
    process.stdout.write(
      `passed when it was played again: ${test.fullName}: ${errors?.map(({ message }) => message).join('; ')}\n`,
    );
  for (const move of test.meta().moves ?? []) process.stdout.write(`${test.fullName}: a move of this test: ${move}\n`);
}
