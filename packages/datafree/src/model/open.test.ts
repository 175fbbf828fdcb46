import { expect, test, vi } from 'vitest';
import { evaluateModels } from '../evaluation/evaluateModels.ts';
import { openModel } from './open.ts';
import { openQuantized } from './openQuantized.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  return {
    ...real,
    stat: async (path: string) => (path === 'denied.onnx' ? { isDirectory: () => false, size: 9 } : real.stat(path)),
    readFile: (path: string) => (path === 'denied.onnx' ? Promise.reject(denied) : real.readFile(path)),
  };
});

test.each<[open: () => Promise<unknown>, path: string, message: RegExp]>([
  [() => openModel(new Uint8Array(4) as never), 'path', /a Uint8Array was given where the path of a model file/],
  [() => openModel(undefined as never), 'path', /nothing was given/],
  [() => openModel('x.onnx', 'imagenet' as never), '(options)', /openModel: the text "imagenet" was given/],
  [() => openModel('x.onnx', { preproces: 'unit' } as never), 'preproces', /there are preprocess, inputShape/],
  [() => openQuantized('x.onnx', undefined as never), 'model', /nothing was given/],
  [() => openQuantized(new ArrayBuffer(4) as never, { graph: {} } as never), 'model', /another object was given/],
  [() => evaluateModels(undefined as never), '(options)', /evaluateModels: nothing was given/],
  [() => evaluateModels({ models: 'x.onnx' } as never), 'models', /an array of paths/],
  [() => evaluateModels({ models: ['x.onnx'], samples: 4 } as never), 'samples', /the number 4 was given/],
  [() => evaluateModels({ model: [] } as never), 'model', /there are models, samples/],
])('what cannot be opened is refused with a code: %s', async (open, path, message) => {
  const refused = open();
  await expect(refused).rejects.toMatchObject({ name: 'DatafreeError', code: 'option-invalid', path });
  await expect(refused).rejects.toThrow(message);
});

test('a file without permission is not taken for one that is missing', async () => {
  await expect(openModel('denied.onnx')).rejects.toMatchObject({
    code: 'file-unreadable',
    path: 'denied.onnx',
    message: 'denied.onnx cannot be read: there is no permission.',
  });
  await expect(openModel('missing.onnx')).rejects.toMatchObject({ code: 'model-not-found' });
});
