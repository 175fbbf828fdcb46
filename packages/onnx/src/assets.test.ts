import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Graph, Model } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { decodeModel } from './decode/model.ts';
import { encodeModel } from './encode/model.ts';
import { difference, normal, runOrt } from './fixture.ts';
import { loadModel } from './model/load.ts';
import { foldBatchNorms } from './passes/foldBatchNorms.ts';

const assets = process.env.DATAFREE_ASSETS ?? fileURLToPath(new URL('../../../../shared/assets', import.meta.url));
const present = existsSync(join(assets, 'manifest.json'));
if (!present) console.warn(`Skipped: no networks at ${assets}. Set DATAFREE_ASSETS to test on them.`);

/** Real networks, what they hold, and the shape of a sample where the file leaves it free. */
const networks = [
  { file: 'resnet20_cifar10.onnx', batchNorms: 19, nodes: 73 },
  { file: 'resnet20_cifar10_torchraw.onnx', batchNorms: 19, nodes: 73 },
  { file: 'resnet44_cifar10.onnx', batchNorms: 43, nodes: 157 },
  { file: 'mobilenetv1_025_224_imagenet.onnx', batchNorms: 27, nodes: 84 },
  { file: 'dscnn_kws_mlperftiny.onnx', batchNorms: 9, nodes: 30 },
  { file: 'ppocr_mobile_v2_cls_48x192.onnx', batchNorms: 35, nodes: 214, inputShape: [3, 48, 192] },
];

describe.skipIf(!present)('real networks', () => {
  for (const { file, batchNorms, nodes, inputShape } of networks) {
    const read = (): Uint8Array => readFileSync(join(assets, 'models', file));

    it(`${file}: what is written computes the same`, async () => {
      const bytes = read();
      const model = loadModel(bytes, { inputShape });
      expect(model.hash).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect([model.batchNorms.length, model.graph.nodes.length]).toEqual([batchNorms, nodes]);
      expect([model.input.shape[0], model.output.shape[0]]).toEqual(['N', 'N']);
      const x = normal([2, ...(model.input.shape.slice(1) as number[])]);
      const run = async (graph: Graph | Uint8Array) =>
        (await runOrt(graph, { [model.input.name]: x }))[model.output.name]!;
      const expected = await run(bytes);
      const largest = Math.max(...(expected.data as Float32Array).map(Math.abs));
      expect(difference(expected, await run(decodeModel(bytes)))).toBe(0);
      expect(difference(expected, await run(model.graph))).toBeLessThan(1e-6 * largest);
      const folded = foldBatchNorms(model.graph);
      expect(folded.nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
      expect(difference(expected, await run(folded))).toBeLessThan(1e-5 * largest);
    });

    it(`${file}: a second reading changes nothing`, () => {
      const model = loadModel(read(), { inputShape });
      const again = loadModel(encodeModel(model.graph), { hash: model.hash });
      expect(again).toEqual(model);
    });
  }

  it('the raw export of PyTorch comes out like the clean one', () => {
    const shape = ({ graph }: Model) => graph.nodes.map(({ op, attributes }) => [op, attributes]);
    const [clean, raw] = [networks[0]!, networks[1]!].map(({ file }) =>
      loadModel(readFileSync(join(assets, 'models', file))),
    ) as [Model, Model];
    expect(shape(raw)).toEqual(shape(clean));
    expect(raw.batchNorms.map(({ mean, variance }) => [mean, variance])).toEqual(
      clean.batchNorms.map(({ mean, variance }) => [mean, variance]),
    );
  });
});
