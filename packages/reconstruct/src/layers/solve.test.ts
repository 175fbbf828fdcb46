import { foldBatchNorms } from '@datafree/onnx';
import type { Graph, Tensor } from '@datafree/plugin';
import { exportStudent, findQuantisers, stateOf } from '@datafree/student';
import { beforeAll, describe, expect, it } from 'vitest';
import { findBlocks } from '../blocks/blocks.ts';
import { assignLearners, type Learners } from '../blocks/learners.ts';
import { context, distance, images, quantize, residualNetwork } from '../testing/residual.ts';
import { solveLayers } from './solve.ts';

const model = residualNetwork();
const samples = images(128);
const heldOut = images(128, 77);

describe('layers that are solved one after another', () => {
  let before: Graph;
  let after: Graph;
  let states: ReadonlyMap<string, Tensor>;

  beforeAll(async () => {
    before = (await quantize(model, 3)).graph;
    const folded = foldBatchNorms(model.graph);
    const found = findQuantisers(before);
    const blocks = findBlocks(model, before, 8);
    const each = assignLearners(blocks, before, folded, found, false);
    const learners: Learners = {
      weights: each.flatMap(({ weights }) => weights),
      scales: [],
      biases: new Map(each.flatMap(({ biases }) => [...biases])),
    };
    const parts = { model, samples, batch: 2, folded, learners };
    states = await solveLayers({ ...parts, quantisedWith: (own) => exportStudent(before, own) }, context());
    after = exportStudent(before, states);
  });

  it('reach every layer, also those behind a pool and inside of a residual block', () => {
    const { weights } = findQuantisers(before);
    expect([...states.keys()]).toEqual(expect.arrayContaining(weights.map(({ codes }) => stateOf.weight(codes))));
    expect([...states.keys()]).toEqual(expect.arrayContaining(weights.map(({ scale }) => stateOf.step(scale))));
    expect(weights.length).toBe(6);
  });

  it('bring the network nearer on samples that they have not seen', async () => {
    for (const { exit } of findBlocks(model, before, 8)) {
      const [was, is] = [
        await distance(exit, model.graph, before, heldOut),
        await distance(exit, model.graph, after, heldOut),
      ];
      expect(is).toBeLessThan(0.8 * was);
    }
  });
});
