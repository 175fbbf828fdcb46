import type { Check } from '../check.ts';

/** The titles of the checks that fail, with why. */
export async function failures(checks: readonly Check[]): Promise<Record<string, string>> {
  const failed: Record<string, string> = {};
  for (const { title, check } of checks) {
    await check().catch((error: Error) => {
      failed[title] = error.message;
    });
  }
  return failed;
}
