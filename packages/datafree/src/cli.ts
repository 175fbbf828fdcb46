import { run } from './run.ts';

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

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
  command: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
});
