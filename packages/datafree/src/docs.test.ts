import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeModel, encodeModel } from '@datafree/onnx';
import { errorCodes } from '@datafree/plugin';
import { expect, test } from 'vitest';
import { programFor } from './run.ts';
import { network } from './testing/models.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = (name: string): Promise<string> => readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

test('docs/errors.md lists every code, and no other', async () => {
  const listed = [...(await page('errors.md')).matchAll(/^\| `([\w-]+)` \| ([^|]+) \|/gm)];
  expect(listed.map(([, code]) => code).sort()).toEqual(Object.keys(errorCodes).sort());
});

test('docs/errors.md tells the opsets that are read, as the error does', async () => {
  const row = (await page('errors.md')).match(/^\| `opset-unsupported` \|.*$/m)?.[0] ?? '';
  const future = encodeModel({ ...network(), opset: { '': 99 } });
  expect(() => decodeModel(future)).toThrow(/opset 99; opsets 9 to 26 are read/);
  expect([row, errorCodes['opset-unsupported']].map((text) => text.match(/\d+ to \d+/g))).toEqual([
    ['9 to 26', '9 to 26'],
    ['9 to 26'],
  ]);
});

test('docs/cli.md names every command and option', async () => {
  const text = await page('cli.md');
  const terminal = { stdout: { write() {} }, stderr: { write() {} }, signal: new AbortController().signal };
  for (const command of programFor(terminal).commands) {
    expect(text).toContain(`\n## ${command.name()}\n`);
    for (const option of command.options) expect(text, command.name()).toContain(`\`${option.flags.split(' <')[0]}`);
  }
});

test('every package has a page', async () => {
  const packages = await readdir(join(root, 'packages'));
  const pages = (await readdir(join(root, 'docs', 'packages'))).map((name) => name.replace('.md', ''));
  const named = packages.filter((name) => existsSync(join(root, 'packages', name, 'package.json')));
  expect(pages.sort()).toEqual(named.sort());
});

test('links between pages lead somewhere', async () => {
  const docs = (await readdir(join(root, 'docs'), { recursive: true })).map((name) => join('docs', name));
  for (const file of ['README.md', ...docs.filter((name) => name.endsWith('.md'))]) {
    const text = await readFile(join(root, file), 'utf8');
    for (const [, link] of text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g) as Iterable<[string, string]>) {
      if (/^https?:/.test(link)) continue;
      expect(existsSync(join(root, dirname(file), link)), `${file}: ${link}`).toBe(true);
    }
  }
});
