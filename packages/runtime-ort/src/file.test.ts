import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphBuilder, relu, tensorOf } from '@datafree/core';
import { encodeModel } from '@datafree/onnx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ortFile } from './file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('runs a model file and tells its inputs and outputs', async () => {
  const b = new GraphBuilder({ name: 'relu' });
  b.output(relu(b, b.input('x', 'float32', [2, 3])), 'y');
  const path = join(folder, 'relu.onnx');
  await writeFile(path, encodeModel(b.build()));
  const file = await ortFile(path);
  expect(file.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [2, 3] }]);
  expect(file.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: [2, 3] }]);
  const { y } = await file.run({ x: tensorOf('float32', [2, 3], [-1, 2, -3, 4, -5, 6]) });
  expect(y).toEqual(tensorOf('float32', [2, 3], [0, 2, 0, 4, 0, 6]));
  await file.dispose();
  await expect(file.run({})).rejects.toMatchObject({ code: 'runtime-failed' });
});

test('names the file that onnxruntime does not take', async () => {
  const path = join(folder, 'broken.onnx');
  await writeFile(path, 'not a model');
  await expect(ortFile(path)).rejects.toMatchObject({
    code: 'runtime-failed',
    message: expect.stringContaining(path),
  });
});
