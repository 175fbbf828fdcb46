import { tensorOf } from '@datafree/core';
import type { SampleSet } from '@datafree/plugin';
import { findQuantisers, stateOf } from '@datafree/student';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Block, findBlocks } from '../blocks/blocks.ts';
import { assignLearners } from '../blocks/learners.ts';
import { context, images, quantize, residualNetwork } from '../testing/residual.ts';
import { type ActivationSource, type Activations, collectActivations, held } from './activations.ts';
import { enteredAgain, entryOf, leadsOn, leftOf } from './entered.ts';
import { Settled } from './settled.ts';

const model = residualNetwork();
const samples = images(20);
/** Samples that must not be looked at again. */
const closed: SampleSet = {
  ...samples,
  batches: () => {
    throw new Error('read');
  },
};

let source: Omit<ActivationSource, 'block'>;
let blocks: readonly Block[];
beforeAll(async () => {
  const { graph } = await quantize(model, 3);
  source = { model, quantised: graph, samples, batch: 8 };
  blocks = findBlocks(model, graph, 8);
});

function expectNear(one: Activations, other: Activations): void {
  expect(one.count).toBe(other.count);
  for (const part of ['exact', 'own', 'targets'] as const) {
    const [a, b] = [one[part], other[part]];
    expect(a.length).toBe(b.length);
    let far = 0;
    for (let i = 0; i < a.length; i++) far = Math.max(far, Math.abs(a[i]! - b[i]!));
    expect(far).toBeLessThan(1e-4);
  }
}

it.each([8, 1])(
  'is what both networks have there, whatever blocks have learned (blocks of %s layers)',
  async (largest) => {
    // The pool hands on a step of the residual sum, which lies in no block where it is taken layer by layer.
    const model = residualNetwork(3, 'chain');
    const { graph } = await quantize(model, 3);
    const found = findQuantisers(graph);
    const cut = findBlocks(model, graph, largest);
    const learners = assignLearners(cut, graph, model.graph, found, true);
    const settled = new Settled(graph, found, learners);
    let entered: Awaited<ReturnType<typeof leftOf>> | undefined;
    let led = 0;
    for (const [i, block] of cut.entries()) {
      const work = { model, samples, batch: 8, block, quantised: settled.graph(), entered };
      const activations = await collectActivations(work, 0, 20, context());
      expectNear(activations, await collectActivations({ ...work, entered: undefined }, 0, 20, context()));
      const again = await enteredAgain({ ...source, model }, cut, i, (count) => settled.graphAfter(count), context());
      expect(again).toEqual(entered);
      const { scales } = learners[i]!;
      const steps = scales.map((scale) => [stateOf.step(scale), tensorOf('float32', [], [0.3])] as const);
      settled.add(new Map([...settled.unchanged(learners[i]!), ...steps]));
      const leads = leadsOn(work, cut[i + 1]);
      if (leads) led++;
      entered = leads ? await leftOf({ ...work, quantised: settled.graph() }, activations, context()) : undefined;
    }
    expect(led).toBeGreaterThan(0);
  },
);

describe('what a block leaves', () => {
  it('is what the next one is given by the samples, all through the network', async () => {
    let entered: Awaited<ReturnType<typeof leftOf>> | undefined;
    for (const block of blocks) {
      const fromSamples = await collectActivations({ ...source, block }, 0, 20, context());
      const from = { ...source, block, entered, samples: entered === undefined ? samples : closed };
      const activations = await collectActivations(from, 0, 20, context());
      expectNear(activations, fromSamples);
      entered = await leftOf({ ...source, block }, activations, context());
    }
    expect(entered).toMatchObject({ value: 'logits', shape: [5] });
    expect(entered!.own).not.toEqual(entered!.exact);
  });

  it('is given window by window, and to layers inside', async () => {
    const block = blocks[1]!;
    const whole = await collectActivations({ ...source, block }, 0, 20, context());
    const entered = entryOf(block, whole);
    const from = { ...source, block, entered, samples: closed };
    expectNear(
      await collectActivations(from, 8, 7, context()),
      await collectActivations({ ...source, block }, 8, 7, context()),
    );
    const inner = model.graph.nodes.filter(({ op }) => op === 'Relu')[1]!.outputs[0]!;
    const layer = { ...block, entry: inner, exit: inner, exitShape: block.entryShape };
    expectNear(
      await collectActivations({ ...from, block: layer }, 0, 20, context()),
      await collectActivations({ ...source, block: layer }, 0, 20, context()),
    );
  });

  it('is not gone on from where something else enters', async () => {
    const block = blocks[2]!;
    const after = await collectActivations({ ...source, block }, 0, 20, context());
    const entered = entryOf(block, after);
    const earlier = { ...source, block: blocks[1]!, entered };
    expectNear(
      await collectActivations(earlier, 0, 20, context()),
      await collectActivations({ ...source, block: blocks[1]! }, 0, 20, context()),
    );
  });

  it('leads on where it enters the next block and fits the memory', () => {
    const [first, second, third] = blocks as [Block, Block, Block];
    expect(leadsOn({ samples, batch: 8, block: first }, second)).toBe(true);
    expect(leadsOn({ samples, batch: 8, block: first }, third)).toBe(false);
    expect(leadsOn({ samples, batch: 8, block: blocks.at(-1)! }, undefined)).toBe(false);
    const many = { ...samples, count: held };
    expect(leadsOn({ samples: many, batch: 8, block: first }, second)).toBe(false);
    const wide = { ...second, exitShape: [held / 16] };
    expect(leadsOn({ samples, batch: 8, block: first }, wide)).toBe(false);
  });

  it('is computed anew for an interrupted run as it was before', async () => {
    let entered: Awaited<ReturnType<typeof leftOf>> | undefined;
    for (const block of blocks.slice(0, 2)) {
      const activations = await collectActivations({ ...source, block, entered }, 0, 20, context());
      entered = await leftOf({ ...source, block }, activations, context());
    }
    const asked: number[] = [];
    const graphAfter = (count: number) => {
      asked.push(count);
      return source.quantised;
    };
    expect(await enteredAgain(source, blocks, 2, graphAfter, context())).toEqual(entered);
    expect(asked).toEqual([0, 1, 1, 2]);
    expect(await enteredAgain(source, blocks, 0, graphAfter, context())).toBeUndefined();
    // The last block is not led to here: what enters it is computed from the samples.
    const apart = blocks.map((block, i) => (i === 2 ? { ...block, exit: 'elsewhere' } : block));
    expect(await enteredAgain(source, apart, 3, graphAfter, context())).toBeUndefined();
  });
});
