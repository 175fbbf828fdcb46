import { GraphBuilder, gemm, Random, tensorOf } from '@datafree/core';
import { foldBatchNorms } from '@datafree/onnx';
import type { Graph, Tensor } from '@datafree/plugin';
import { findQuantisers, type Quantisers } from '@datafree/student';
import { describe, expect, it } from 'vitest';
import { network, quantize as quantizePlain } from '../../../student/src/testing/networks.ts';
import { distance, images, quantize, residualNetwork } from '../testing/residual.ts';
import { findBlocks } from './blocks.ts';
import { assignLearners } from './learners.ts';
import { partBetween } from './part.ts';
import { refuseRescaled } from './rescaled.ts';

const batched = (shape: readonly number[]) => [4, ...shape];

describe('findBlocks', () => {
  it('finds residual blocks, with what follows them as far as shapes stay', async () => {
    const model = residualNetwork();
    const { graph } = await quantize(model, 4);
    const blocks = findBlocks(model, graph, 8);
    expect(blocks.map(({ layers, entryShape, exitShape }) => [layers, entryShape, exitShape])).toEqual([
      [1, [3, 8, 8], [8, 8, 8]],
      [2, [8, 8, 8], [8, 8, 8]],
      [2, [8, 8, 8], [8, 4, 4]],
      [1, [8, 4, 4], [5]],
    ]);
    expect(blocks[0]!.entry).toBe('input');
    expect(blocks.at(-1)!.exit).toBe('logits');
    for (const [i, block] of blocks.entries()) if (i > 0) expect(block.entry).toBe(blocks[i - 1]!.exit);
    // At 8 bits what leaves a block is nearly what the network has there: values after the Relu, not before.
    const { graph: fine } = await quantize(model, 8);
    for (const { exit } of blocks) {
      const size = await distance(exit, model.graph, zeroed(model.graph, exit), images(8));
      expect(await distance(exit, model.graph, fine, images(8))).toBeLessThan(0.01 * size);
    }
  });

  it('takes a chain of layers one by one', async () => {
    const model = network();
    const { graph } = await quantizePlain(model, 4);
    expect(findBlocks(model, graph, 8).map(({ layers }) => layers)).toEqual([1, 1, 1]);
  });

  it('takes blocks of too many layers layer by layer', async () => {
    const model = residualNetwork();
    const { graph } = await quantize(model, 4);
    const blocks = findBlocks(model, graph, 1);
    expect(blocks.map(({ layers }) => layers)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(new Set(blocks.map(({ exit }) => exit)).size).toBe(6);
  });

  it('finds none in a network that is not quantised', () => {
    const model = residualNetwork();
    expect(findBlocks(model, model.graph, 8)).toEqual([]);
  });
});

describe('partBetween', () => {
  it('is what lies between, and nothing where something else enters', async () => {
    const model = residualNetwork();
    const { graph } = await quantize(model, 4);
    const block = findBlocks(model, graph, 8)[1]!;
    const shapes = { entry: batched(block.entryShape), exit: batched(block.exitShape) };
    const part = partBetween(graph, block.entry, block.exit, shapes)!;
    expect(part.nodes.filter(({ op }) => op === 'Conv')).toHaveLength(2);
    expect(part.inputs.map(({ name }) => name)).toEqual([block.entry]);
    const inside = findBlocks(model, graph, 1)[1]!;
    expect(partBetween(graph, inside.exit, block.exit, shapes)).toBeUndefined();
  });
});

describe('assignLearners', () => {
  it('gives every weight, bias and step of an activation to one block', async () => {
    const model = residualNetwork();
    const { graph } = await quantize(model, 4);
    const found = findQuantisers(graph);
    const folded = foldBatchNorms(model.graph);
    for (const largest of [8, 1]) {
      const blocks = findBlocks(model, graph, largest);
      const learners = assignLearners(blocks, graph, folded, found, true);
      const weights = learners.flatMap((own) => own.weights.map(({ codes }) => codes));
      expect([...weights].sort()).toEqual(found.weights.map(({ codes }) => codes).sort());
      const scales = learners.flatMap((own) => own.scales);
      expect(new Set(scales).size).toBe(scales.length);
      expect(learners.flatMap((own) => [...own.biases.keys()])).toHaveLength(6);
      if (largest === 8) {
        const inner = found.activations.filter(({ input }) => !input).map(({ scale }) => scale);
        expect(new Set(scales)).toEqual(new Set(inner));
      }
      expect(assignLearners(blocks, graph, folded, found, false).flatMap((own) => own.scales)).toEqual([]);
    }
  });
});

describe('refuseRescaled', () => {
  const name = 'one.first.weight';
  const changed = (graph: Graph, change: (values: Float32Array, columns: number) => ArrayLike<number>): Graph => {
    const weight = graph.initializers.get(name)!;
    const data = Float32Array.from(change(weight.data as Float32Array, weight.data.length / weight.dims[0]!));
    return { ...graph, initializers: new Map([...graph.initializers, [name, { ...weight, data }]]) };
  };

  it.each([3, 4, 8])('tells a layer whose channels were multiplied (%i bits)', async (bits) => {
    const model = residualNetwork();
    const factors = new Random(5).normals(64).map((value) => Math.exp(value));
    const ofRows = changed(model.graph, (values, columns) =>
      values.map((x, i) => x * factors[Math.floor(i / columns)]!),
    );
    const ofColumns = changed(model.graph, (values) => values.map((x, i) => x * factors[Math.floor(i / 9) % 8]!));
    const { graph } = await quantize(model, bits);
    const found = findQuantisers(graph);
    expect(() => refuseRescaled(graph, model.graph, found)).not.toThrow();
    for (const other of [ofRows, ofColumns]) {
      expect(() => refuseRescaled(graph, other, found)).toThrowError(
        expect.objectContaining({ code: 'unsupported', tensor: name, message: expect.stringContaining('rescaled') }),
      );
    }
  });

  it('lets codes pass that were solved for, however far they are from the weight', async () => {
    const model = residualNetwork();
    const { graph } = await quantize(model, 4);
    const noise = new Random(9);
    const far = changed(model.graph, (values) => {
      const size = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
      return values.map((x) => x + noise.normals(1, 0, size)[0]!);
    });
    expect(() => refuseRescaled(graph, far, findQuantisers(graph))).not.toThrow();
  });

  it.each([1, 2, 3])('lets a layer pass that has hardly more weights than channels (%i outputs)', async (outputs) => {
    const random = new Random(7);
    const weight = tensorOf('float32', [outputs, 16], random.normals(16 * outputs));
    const b = new GraphBuilder();
    b.output(gemm(b, b.input('x', 'float32', [1, 16]), b.constant(weight, 'dense'), undefined, { transB: true }), 'y');
    const graph = b.build();
    const step = 0.4;
    const codes = Int8Array.from(weight.data, (value) =>
      Math.max(-7, Math.min(7, Math.round(value / step + random.normals(1)[0]!))),
    );
    const initializers = new Map<string, Tensor>([
      ['codes', { dtype: 'int8', dims: weight.dims, data: codes }],
      ['step', tensorOf('float32', [outputs], Array(outputs).fill(step))],
    ]);
    const quantiser = {
      node: { outputs: ['dense'] },
      codes: 'codes',
      scale: 'step',
      zeroPoint: undefined,
      axis: 0,
      low: -8,
      high: 7,
    };
    const found = { weights: [quantiser], biases: [], activations: [] } as unknown as Quantisers;
    expect(() => refuseRescaled({ ...graph, initializers }, graph, found)).not.toThrow();
  });

  it('tells the weight of another network', async () => {
    const model = residualNetwork();
    const { graph } = await quantize(model, 4);
    const other = changed(model.graph, (values) => new Random(9).normals(values.length, 0, 0.3));
    expect(() => refuseRescaled(graph, other, findQuantisers(graph))).toThrowError(
      expect.objectContaining({
        code: 'unsupported',
        tensor: name,
        message: expect.stringContaining('not the network'),
      }),
    );
  });
});

/** The graph with a value that is zero. */
function zeroed(graph: Parameters<typeof findBlocks>[1], name: string): Parameters<typeof findBlocks>[1] {
  const nodes = graph.nodes.flatMap((node) => {
    if (!node.outputs.includes(name)) return [node];
    const inner = `${name}.kept`;
    const outputs = node.outputs.map((own) => (own === name ? inner : own));
    return [
      { ...node, outputs },
      { op: 'Sub', domain: '', name: `${name}.zero`, inputs: [inner, inner], outputs: [name], attributes: {} },
    ];
  });
  return { ...graph, nodes };
}
