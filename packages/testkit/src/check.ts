/** What the suites of plugins take from a test runner; vitest, jest, mocha and node:test have it. */
export interface SuiteRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  /** Vitest and jest stop a test after `timeout` milliseconds; other runners do not look at it. */
  readonly it: (name: string, body: () => Promise<void>, timeout: number) => unknown;
}

/** Milliseconds that a test may take: a slow runtime is no fault of a plugin. */
export const testTimeout = 120_000;

/** One property of a plugin. */
export interface Check {
  readonly title: string;
  /** @throws an Error that says what is wrong */
  readonly check: () => Promise<void>;
}

/** Hands checks to a test runner. */
export function runChecks({ describe, it }: SuiteRunner, title: string, checks: readonly Check[]): void {
  describe(title, () => {
    for (const { title, check } of checks) it(title, check, testTimeout);
  });
}
