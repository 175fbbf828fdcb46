import { bind, Random } from '@datafree/core';
import { memorySamples } from '@datafree/data';
import { prepareModel } from '@datafree/onnx';
import type { Model } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { expect, test } from 'vitest';
import { network, sampleShape } from '../testing/models.ts';
import { varietyLines, varietyOf } from './variety.ts';

const runtime = ort({ threads: 1 });
const model = prepareModel(network(), { hash: 'small' });
const size = sampleShape.reduce((a, b) => a * b, 1);
const count = 40;
const values = new Random(5).normals(count * size);
const samples = memorySamples({ shape: sampleShape, data: values });

async function outputsOf({ graph }: Model, name: string): Promise<number[][]> {
  const session = await runtime.compile(bind(graph, { N: count }, { keep: [name] }));
  const data = { dtype: 'float32', dims: [count, ...sampleShape], data: values } as const;
  const rows = (await session.run({ input: data }))[name]!.data as Float32Array;
  await session.dispose();
  return Array.from({ length: count }, (_, n) => Array.from(rows.subarray(n * 5, n * 5 + 5)));
}

test('classes and diversity are those of an independent count', async () => {
  const rows = await outputsOf(model, 'logits');
  const classes = [0, 0, 0, 0, 0];
  for (const row of rows) classes[row.indexOf(Math.max(...row))]! += 1;
  const centred = rows.map((row) => row.map((value) => value - row.reduce((a, b) => a + b) / 5));
  let cosines = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [centred[i]!, centred[j]!];
      cosines += a.reduce((sum, value, c) => sum + value * b[c]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
    }
  }
  const found = await varietyOf(model, samples, { runtime });
  expect(found.classes).toEqual(classes);
  expect(found.diversity).toBeCloseTo(1 - cosines / ((count * (count - 1)) / 2), 5);
  expect(found.diversity).toBeGreaterThan(0);
  const seen = classes.filter((own) => own > 0).length;
  expect(varietyLines(found)).toEqual([
    ['classes', `${seen} of 5 seen, ${Math.min(...classes)} to ${Math.max(...classes)} samples each`],
    ['diversity', found.diversity!.toFixed(3)],
  ]);
});

test('a fixed batch is no hindrance', async () => {
  const fixed = await varietyOf(prepareModel(network({ batch: 3 }), { hash: 'fixed' }), samples, { runtime });
  const free = await varietyOf(model, samples, { runtime });
  expect(fixed.classes).toEqual(free.classes);
  expect(fixed.diversity).toBeCloseTo(free.diversity!, 5);
});

test('equal samples have no diversity, one has none to tell', async () => {
  const first = values.slice(0, size);
  const equal = memorySamples({
    shape: sampleShape,
    data: Float32Array.from({ length: 3 * size }, (_, i) => first[i % size]!),
  });
  expect((await varietyOf(model, equal, { runtime })).diversity).toBeCloseTo(0, 6);
  const one = await varietyOf(model, memorySamples({ shape: sampleShape, data: first }), { runtime });
  expect(one.diversity).toBeNull();
  expect(varietyLines(one)).toEqual([['classes', '1 of 5 seen, 0 to 1 samples each']]);
});

test('an output that is a map has diversity and no classes', async () => {
  const { tensor, channels } = model.batchNorms.at(-1)!;
  const output = { name: tensor, dtype: 'float32', shape: ['N', channels, 4, 4] } as const;
  const map = { ...model, graph: { ...model.graph, outputs: [output] }, output };
  const found = await varietyOf(map, samples, { runtime });
  expect(found.classes).toBeNull();
  expect(found.diversity).toBeGreaterThan(0);
});
