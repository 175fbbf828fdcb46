import { DatafreeError } from '@datafree/plugin';
import { type ExitCode, tell } from './failure.ts';
import { run } from './run.ts';
import type { Terminal } from './terminal.ts';

const controller = new AbortController();
let interrupts = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first asks the work to stop, the second does not wait: every file is written whole or not at all.
    interrupts += 1;
    if (interrupts > 1) process.exit(130);
    controller.abort();
  });
}
// A process that another one started stops when that one is gone, however it went.
if (process.channel !== undefined) {
  process.once('disconnect', () => controller.abort());
  process.channel?.unref();
}
// A reader that has seen enough (`| head`) closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const args = process.argv.slice(2);
const terminal: Terminal = {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
  command: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
};

/** The end when nothing is left to wait for and the work is not done. */
const stuck = new Promise<ExitCode>((resolve) => {
  process.once('beforeExit', () => {
    const message = 'The work came to no end: something that it waits for, as a promise of a plugin, is never settled.';
    const json = args.includes('--json');
    if (!done) tell(new DatafreeError('plugin-failed', message), { json, debug: false }, terminal);
    resolve(1);
  });
});
let done = false;
process.exitCode = await Promise.race([run(args, terminal), stuck]);
done = true;
