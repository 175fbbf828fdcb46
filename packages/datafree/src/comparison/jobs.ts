import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Readable } from 'node:stream';
import { DatafreeError, type ErrorCode, type ErrorDetails, throwIfAborted } from '@datafree/plugin';
import type { Group } from './cell.ts';

/** How groups are finished by several processes. */
export interface JobsOptions {
  /** The command line that this process was started with. */
  readonly command: readonly string[];
  readonly jobs: number;
  /** Threads of each process; the cores are shared out when absent. */
  readonly threads: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onFinished: (group: Group) => void;
}

/**
 * How many processes work at the same time: never more than there are groups, or cores.
 *
 * @param options.wanted as many as have cores for their threads when absent
 * @param options.threads of each process; one when absent
 * @param cores of this machine
 */
export function jobsFor(
  groups: number,
  { wanted, threads = 1 }: { readonly wanted: number | undefined; readonly threads?: number | undefined },
  cores = availableParallelism(),
): number {
  return Math.max(1, Math.min(groups, wanted ?? Math.floor(cores / threads), cores));
}

/**
 * Finishes groups in processes of their own, several at a time. They leave their cells in the folder.
 *
 * @throws what the first process that fails tells; `aborted`
 */
export async function finishInProcesses(groups: readonly Group[], options: JobsOptions): Promise<void> {
  const waiting = [...groups];
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const worker = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      throwIfAborted(signal);
      await finishInProcess(group, { ...options, signal });
      options.onFinished(group);
    }
  };
  const workers = Array.from({ length: Math.min(options.jobs, groups.length) }, worker);
  try {
    await Promise.all(workers);
  } finally {
    stop.abort();
    await Promise.allSettled(workers);
  }
}

async function finishInProcess(
  { method, seed }: Group,
  { command, jobs, threads, signal }: JobsOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const share = threads ?? Math.max(1, Math.floor(availableParallelism() / jobs));
  const [file, ...args] = command.filter((arg) => arg !== '--restart') as [string, ...string[]];
  const own = ['--only', `${method}:${seed}`, '--jobs', '1', '--threads', String(share), '--quiet', '--json'];
  const child = spawn(file, [...args, ...own], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const interrupt = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', interrupt);
  let [printed, told] = ['', ''];
  const { stdout, stderr } = child as ChildProcessByStdio<null, Readable, Readable>;
  stdout.on('data', (part) => {
    printed += part;
  });
  stderr.on('data', (part) => {
    told += part;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => signal.removeEventListener('abort', interrupt));
  if (code === 0) return;
  throwIfAborted(signal);
  throw failureOf(printed) ?? new DatafreeError('runtime-failed', `A process ended with ${code}: ${told.trim()}`);
}

/** The error that a process printed. */
function failureOf(printed: string): DatafreeError | undefined {
  try {
    const { error } = JSON.parse(printed) as { error: ErrorDetails & { code: ErrorCode; message: string } };
    return new DatafreeError(error.code, error.message, error);
  } catch {
    return undefined;
  }
}
