import type { ExitCode } from '../failure.ts';
import { run } from '../run.ts';

/** How a command line ended, and what it printed. */
export interface Outcome {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** The standard output as JSON. */
  json<T = Record<string, never>>(): T;
}

/** Runs a command line in this process. */
export async function runHere(
  args: readonly string[],
  { signal = new AbortController().signal, onWrite }: { signal?: AbortSignal; onWrite?: (text: string) => void } = {},
): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
      onWrite?.(text);
    },
  });
  const code = await run(args, { stdout: stream('stdout'), stderr: stream('stderr'), signal });
  return { code, ...written, json: () => JSON.parse(written.stdout) };
}
