import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Group } from './cell.ts';
import { finishInProcesses, jobsFor } from './jobs.ts';

let folder: string;
let command: string[];
const log = (): string => join(folder, 'log');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  // Stands for the command line: notes when it begins and ends, waits for a second one, fails for the method "wrong".
  await writeFile(
    join(folder, 'program.mjs'),
    `import { appendFileSync, readFileSync } from 'node:fs';
    const args = process.argv.slice(2);
    const only = args[args.indexOf('--only') + 1];
    const note = (what) => appendFileSync(${JSON.stringify(log())}, JSON.stringify({ what, only, args }) + '\\n');
    process.on('SIGINT', () => { note('interrupted'); process.exit(130); });
    note('begin');
    if (only.startsWith('wrong')) {
      console.log(JSON.stringify({ error: { code: 'not-finite', message: 'Mine.', hint: 'Try.' } }));
      process.exit(1);
    }
    const begun = () => readFileSync(${JSON.stringify(log())}, 'utf8').split('"begin"').length - 1;
    const timer = setInterval(() => {
      if (only.startsWith('slow') || begun() < 2) return;
      clearInterval(timer);
      note('end');
    }, 20);`,
  );
  command = [process.execPath, join(folder, 'program.mjs'), 'compare', 'model.onnx', '--restart', '--json'];
});
afterAll(() => rm(folder, { recursive: true }));

interface Wanted {
  wanted?: number;
  threads?: number;
}

interface Note {
  what: string;
  only: string;
  args: string[];
}

async function notes(): Promise<Note[]> {
  const text = await readFile(log(), 'utf8');
  await rm(log());
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Note);
}

const groups = (...methods: string[]): Group[] => methods.map((method, seed) => ({ method, seed }));

test.each([
  [12, {}, 8, 8],
  [3, {}, 8, 3],
  [12, { threads: 3 }, 8, 2],
  [12, { threads: 16 }, 8, 1],
  [12, { wanted: 3 }, 8, 3],
  [12, { wanted: 100, threads: 3 }, 8, 8],
  [0, {}, 8, 1],
])('%i groups, %o, on %i cores: %i processes', (groups, { wanted, threads }: Wanted, cores, jobs) => {
  expect(jobsFor(groups, { wanted, threads }, cores)).toBe(jobs);
});

test('runs so many processes at a time, each with its group', async () => {
  const finished: string[] = [];
  await finishInProcesses(groups('a', 'b', 'c', 'd'), {
    command,
    jobs: 2,
    threads: 3,
    signal: new AbortController().signal,
    onFinished: ({ method }) => finished.push(method),
  });
  expect(finished.sort()).toEqual(['a', 'b', 'c', 'd']);
  const found = await notes();
  let [running, most] = [0, 0];
  for (const { what } of found) {
    running += what === 'begin' ? 1 : -1;
    most = Math.max(most, running);
  }
  expect(most).toBe(2);
  expect(
    found
      .filter(({ what }) => what === 'end')
      .map(({ only }) => only)
      .sort(),
  ).toEqual(['a:0', 'b:1', 'c:2', 'd:3']);
  expect(found[0]?.args).not.toContain('--restart');
  expect(found[0]?.args.join(' ')).toContain('--jobs 1 --threads 3');
});

test('fails as a process fails, and ends the others', async () => {
  const failed = finishInProcesses(groups('slow', 'wrong', 'never'), {
    command,
    jobs: 2,
    threads: undefined,
    signal: new AbortController().signal,
    onFinished: () => {},
  });
  await expect(failed).rejects.toMatchObject({ code: 'not-finite', message: 'Mine.', hint: 'Try.' });
  expect((await notes()).map(({ only }) => only)).not.toContain('never:2');
});

test('ends its processes when it is aborted', async () => {
  const controller = new AbortController();
  const work = finishInProcesses(groups('slow', 'slower'), {
    command,
    jobs: 2,
    threads: 1,
    signal: controller.signal,
    onFinished: () => {},
  });
  setTimeout(() => controller.abort(), 200);
  await expect(work).rejects.toMatchObject({ code: 'aborted' });
});
