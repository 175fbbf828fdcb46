import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPlugin, type PluginSource } from './resolve.ts';

const source: PluginSource = {
  kind: 'synthesizer',
  prefix: '@datafree/synth-',
  builtin: { builtin: () => 'built in' },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  const install = async (name: string, code: string): Promise<void> => {
    const place = join(folder, 'node_modules', name);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'package.json'), JSON.stringify({ name, type: 'module', exports: './main.js' }));
    await writeFile(join(place, 'main.js'), code);
  };
  await install('@datafree/synth-scoped', "export default () => 'scoped';");
  await install('datafree-plugin-noise', "export default () => 'noise';");
  await install('@someone/else', "export default () => 'else';");
  await writeFile(join(folder, 'mine.mjs'), "export default (options) => ['mine', options];");
  await writeFile(join(folder, 'ready.mjs'), "export default { name: 'ready' };");
  await writeFile(join(folder, 'empty.mjs'), 'export const x = 1;');
  await writeFile(join(folder, 'broken.mjs'), "throw new Error('no luck');");
});
afterAll(() => rm(folder, { recursive: true }));

const find = (name: string) => findPlugin(name, source, folder);

test.each([
  ['builtin', 'built in'],
  ['scoped', 'scoped'],
  ['noise', 'noise'],
  ['datafree-plugin-noise', 'noise'],
  ['@someone/else', 'else'],
])('%s is found', async (name, what) => {
  expect((await find(name))({})).toBe(what);
});

test('a path is found from the folder, and gets the options', async () => {
  const options = { iterations: 5 };
  expect((await find('./mine.mjs'))(options)).toEqual(['mine', options]);
  expect((await find('mine.mjs'))(options)).toEqual(['mine', options]);
  expect((await find(join(folder, 'mine.mjs')))(options)).toEqual(['mine', options]);
});

test('a module may export a ready plugin, which takes no options', async () => {
  const factory = await find('./ready.mjs');
  expect(factory({})).toEqual({ name: 'ready' });
  expect(() => factory({ iterations: 5 })).toThrowError(
    expect.objectContaining({ code: 'option-invalid', path: 'iterations' }),
  );
});

test.each(['missing', './missing.mjs', '../', 'toString', 'constructor', '@x', 'a b', '', '%2f'])(
  '"%s" is told to be missing',
  async (name) => {
    await expect(find(name)).rejects.toMatchObject({ code: 'plugin-not-found' });
  },
);

test.each(['./missing.mjs', 'missing.mjs', 'plugins/missing'])(
  '"%s" is told to be no file, not no package',
  async (name) => {
    const refused = find(name).catch((error) => error);
    expect(await refused).toMatchObject({ code: 'plugin-not-found', path: expect.stringMatching(/missing/) });
    expect((await refused).message).toContain(`"${name}": no file ${(await refused).path}`);
    expect((await refused).hint).not.toContain('install');
  },
);

test('a module that cannot be used is told', async () => {
  await expect(find('./empty.mjs')).rejects.toMatchObject({ code: 'plugin-invalid' });
  await expect(find('./broken.mjs')).rejects.toMatchObject({
    code: 'plugin-failed',
    message: expect.stringContaining('no luck'),
  });
});
