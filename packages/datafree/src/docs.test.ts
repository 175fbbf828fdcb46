import { readFile } from 'node:fs/promises';
import { errorCodes } from '@datafree/plugin';
import { expect, test } from 'vitest';
import { programFor } from './run.ts';

const page = (name: string): Promise<string> => readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

test('docs/errors.md lists every code, and no other', async () => {
  const listed = [...(await page('errors.md')).matchAll(/^\| `([\w-]+)` \| ([^|]+) \|/gm)];
  expect(listed.map(([, code]) => code).sort()).toEqual(Object.keys(errorCodes).sort());
});

test('docs/cli.md names every command and option', async () => {
  const text = await page('cli.md');
  const terminal = { stdout: { write() {} }, stderr: { write() {} }, signal: new AbortController().signal };
  for (const command of programFor(terminal).commands) {
    expect(text).toContain(`\n## ${command.name()}\n`);
    for (const option of command.options) expect(text, command.name()).toContain(`\`${option.flags.split(' <')[0]}`);
  }
});
