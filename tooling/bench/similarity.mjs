// How far data sets are from what a network was trained on, by its BatchNormalization statistics.
//
//   pnpm bench similarity [--network resnet20_cifar10] [--samples 200]
//
// One JSON line a data set: {"network","data","samples","divergence","spread"}.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { elementCount, Random } from '@datafree/core';
import { memorySamples, openData } from '@datafree/data';
import { silentLogger } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { compareDataSets } from '@datafree/similarity';
import { bns } from '@datafree/synth-bns';
import { gaussian } from '@datafree/synth-gaussian';
import { assets, network } from './shared/assets.mjs';
import { datasets, gridFor } from './shared/datasets.mjs';

const { values } = parseArgs({
  options: { network: { type: 'string' }, samples: { type: 'string', default: '200' } },
});
const context = { runtime: ort({ threads: 2 }), seed: 1, logger: silentLogger, onProgress() {} };

for (const [name, set] of Object.entries(datasets)) {
  if (values.network !== undefined && values.network !== name) continue;
  const grid = gridFor(set);
  const model = network(name, { grid });
  const shape = model.input.shape.slice(1);
  const count = name.startsWith('mobilenet') ? Math.min(100, Number(values.samples)) : Number(values.samples);
  const real = (limit) =>
    openData(join(assets, 'data', set.test.file), { shape, preprocess: set.preprocess, rawShape: set.rawShape, limit });
  const noise = new Random(1).uniforms(count * elementCount(shape), grid.low, grid.high);
  const channel = (i) => Math.floor(i / elementCount(shape.slice(1))) % shape[0];
  const at = (list, i) => list[channel(i)] ?? list[0];
  const uniform = noise.map((value, i) => at(grid.scale, i) * value + at(grid.offset, i));
  const results = await compareDataSets(
    model,
    {
      [`real test, ${count}`]: await real(count),
      [`real test, ${2 * count}`]: await real(2 * count),
      'synthetic (BNS)': await bns().synthesize(model, { count: Math.min(count, 128) }, context),
      'Gaussian noise': await gaussian().synthesize(model, { count }, context),
      'uniform noise': memorySamples({ shape, data: uniform }),
    },
    context,
  );
  for (const { name: data, samples, divergence, spread } of results) {
    const digits = (value) => Number(value.toPrecision(3));
    console.log(
      JSON.stringify({ network: name, data, samples, divergence: digits(divergence), spread: digits(spread) }),
    );
  }
}
