import {
  add,
  batchNormalization,
  batchNormalizationTraining,
  clip,
  conv,
  differentiate,
  elementCount,
  GraphBuilder,
  learnedStep,
  mul,
  pad as padWith,
  Random,
  reduceMean,
  relu,
  tensorOf,
  type Value,
} from '@datafree/core';
import type { Graph, Runtime, Tensor, Tensors } from '@datafree/plugin';
import { runtimeSuite } from '@datafree/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ort } from '../ort.ts';
import { lowerToBlocks } from './lower.ts';
import { blockedDomain } from './operators.ts';

/** A runtime that makes every graph ready as a step. */
function steps(): Runtime {
  const runtime = ort({ threads: 1 });
  return { ...runtime, compile: (graph, options) => runtime.compile(graph, { ...options, step: true }) };
}

describe('as steps', () => {
  runtimeSuite({ describe, it }, steps);
});

const layer = fc.record({
  channels: fc.constantFrom(3, 4, 6, 8, 12, 16, 20, 32, 48),
  kernel: fc.constantFrom([1, 1], [3, 3], [2, 3], [5, 1]),
  stride: fc.constantFrom(1, 1, 2, 3),
  pad: fc.constantFrom(0, 1, 2),
  kind: fc.constantFrom('full', 'full', 'depthwise', 'grouped'),
  norm: fc.constantFrom('none', 'frozen', 'following'),
  activation: fc.constantFrom('none', 'relu', 'clip', 'step'),
  residual: fc.boolean(),
  trained: fc.boolean(),
});
type Layer = typeof layer extends fc.Arbitrary<infer T> ? T : never;

/** A loss over a chain of layers with its gradients to the input and to the trained weights, and the weights. */
function chain(layers: readonly Layer[], seed: number): { graph: Graph; feeds: Record<string, Tensor> } {
  const random = new Random(seed);
  const b = new GraphBuilder({ name: 'chain' });
  const shape = [3 + random.integer(2), 4 * (1 + random.integer(3)), 13, 12];
  const normal = (dims: readonly number[], scale = 1, shift = 0) =>
    tensorOf(
      'float32',
      dims,
      new Random(random.integer(1e6)).normals(elementCount(dims)).map((v) => scale * v + shift),
    );
  const feeds: Record<string, Tensor> = { x: normal(shape) };
  const x = b.input('x', 'float32', shape);
  const wanted: Value[] = [x];
  let value = x;
  const terms: Value[] = [];
  for (const [i, { channels, kernel, stride, pad, kind, norm, activation, residual, trained }] of layers.entries()) {
    const own = value.shape[1]!;
    if (kernel.some((size, axis) => value.shape[axis + 2]! + 2 * pad < size)) continue;
    const groups = kind === 'depthwise' ? own : kind === 'grouped' && own % 2 === 0 && channels % 2 === 0 ? 2 : 1;
    const filters = kind === 'depthwise' ? own : channels;
    const tensor = normal([filters, own / groups, ...kernel], 1 / Math.sqrt((own / groups) * elementCount(kernel)));
    const w = trained ? b.input(`w${i}`, 'float32', tensor.dims) : b.constant(tensor);
    if (trained) {
      feeds[`w${i}`] = tensor;
      wanted.push(w);
    }
    let y = conv(b, value, w, i % 2 === 0 ? b.constant(normal([filters])) : undefined, {
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      groups,
    });
    terms.push(reduceMean(b, mul(b, y, y)));
    const parameters = {
      scale: b.constant(normal([filters])),
      shift: b.constant(normal([filters])),
      mean: b.constant(normal([filters], 0.1)),
      variance: b.constant(normal([filters], 0.1, 1)),
    };
    if (norm === 'frozen') y = batchNormalization(b, y, parameters);
    if (norm === 'following') y = batchNormalizationTraining(b, y, parameters, { momentum: 0 }).y;
    if (residual && String(y.shape.slice(2)) === String(value.shape.slice(2))) {
      const missing = filters - own;
      const [before, after] = [Math.floor(missing / 2), Math.ceil(missing / 2)];
      y = add(b, y, missing === 0 ? value : padWith(b, value, [0, before, 0, 0, 0, after, 0, 0]));
    }
    if (activation === 'relu') y = relu(b, y);
    if (activation === 'clip') y = clip(b, y, 0, 1);
    if (activation === 'step') {
      y = learnedStep(b, y, b.scalar(0.25), { low: 0, high: 15, gradientScale: 0.1 });
    }
    value = y;
  }
  const loss = terms.reduce((left, right) => add(b, left, right), reduceMean(b, mul(b, value, value)));
  b.output(loss, 'loss');
  differentiate(b, loss, wanted).forEach((gradient, i) => {
    b.output(gradient, `gradient ${i}`);
  });
  return { graph: b.build(), feeds };
}

async function run(graph: Graph, feeds: Tensors, step: boolean): Promise<Tensors> {
  const session = await ort({ threads: 1 }).compile(graph, { step });
  const results = await session.run(feeds);
  await session.dispose();
  return results;
}

describe('lowerToBlocks', () => {
  it('changes no result of a loss and its gradients, whatever the layers', async () => {
    const cases = fc.tuple(fc.array(layer, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 1e6 }));
    await fc.assert(
      fc.asyncProperty(cases, async ([layers, seed]) => {
        const { graph, feeds } = chain(layers, seed);
        const [plain, blocked] = [await run(graph, feeds, false), await run(graph, feeds, true)];
        for (const [name, { data, dims }] of Object.entries(plain)) {
          expect(blocked[name]?.dims).toEqual(dims);
          const expected = Array.from(data as Float32Array);
          const size = Math.sqrt(expected.reduce((total, v) => total + v * v, 0) / expected.length);
          const own = blocked[name]?.data as Float32Array;
          // Rounding to a grid and masks may go the other way for an element on the edge: then a few elements differ,
          // or, behind a normalisation over the batch, all of them by little.
          const differences = expected.map((v, i) => Math.abs(v - own[i]!));
          const off = expected.filter((v, i) => differences[i]! > 1e-3 * (size + Math.abs(v))).length;
          const distance = Math.sqrt(differences.reduce((total, v) => total + v * v, 0) / expected.length);
          expect(off < 0.02 * expected.length || distance < 0.02 * size, `${name}: ${off} differ`).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('leaves no reordering between the layers of a residual step', () => {
    const same = { kernel: [3, 3], stride: 1, pad: 1, kind: 'full', norm: 'frozen', residual: true } as const;
    const inner = { ...same, channels: 16, activation: 'relu', trained: false } as const;
    const { graph } = chain([{ ...inner, residual: false }, inner, inner, inner], 1);
    const { nodes } = lowerToBlocks(graph, 16);
    const count = (op: string) => nodes.filter((node) => node.domain === blockedDomain && node.op === op).length;
    expect(nodes.filter((node) => node.domain === '' && node.op === 'Conv')).toEqual([]);
    expect(count('Conv')).toBeGreaterThan(10);
    // The gradient to the input comes out plain.
    expect(count('ReorderOutput')).toBe(1);
  });

  it('fills up the channels of a shortcut in blocks', () => {
    const own = { kernel: [3, 3], stride: 1, pad: 1, kind: 'full', norm: 'frozen', activation: 'relu' } as const;
    const widths = [16, 16, 32, 48] as const;
    const layers = widths.map((channels, i) => ({ ...own, channels, residual: i > 0, trained: false }));
    const { graph } = chain(layers, 1);
    const { nodes } = lowerToBlocks(graph, 16);
    const of = (op: string) => nodes.filter((node) => node.op === op);
    expect(of('Pad')).toEqual([]);
    expect(of('ReorderOutput').length).toBe(1);
    // The gradients of the losses come in plain.
    expect(of('ReorderInput').every(({ inputs }) => inputs[0]?.startsWith('Expand'))).toBe(true);
  });
});
