import { elementCount, int64Of, tensorOf } from '@datafree/core';
import type { Dim, Graph, Node, Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { decodeModel } from '../decode/model.ts';
import { encodeModel } from '../encode/model.ts';
import { batchNorm, batchNormParameters, codeOf, difference, floats, graph, node, normal, runOrt } from '../fixture.ts';

interface Case {
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly input?: readonly number[];
  readonly initializers?: Readonly<Record<string, Tensor>>;
  /** Rank of the output that the file tells. */
  readonly shape?: readonly Dim[];
}

/** Lifts a graph, and checks that onnxruntime computes the same from both. */
async function lifted({
  opset,
  nodes,
  input = [2, 4, 6, 8],
  initializers = {},
  shape = ['...'],
}: Case): Promise<Graph> {
  const old = encodeModel(graph({ input, nodes, initializers, opset, output: { name: 'y', shape } }));
  const result = decodeModel(old);
  expect(result.opset['']).toBe(21);
  const feeds = { x: normal(input, 7, 3) };
  const [before, after] = [await runOrt(old, feeds), await runOrt(result, feeds)];
  expect(difference(before.y, after.y)).toBeLessThan(2e-5);
  return result;
}

const ops = (result: Graph): string[] => result.nodes.map(({ op }) => op);
const one = (op: string, attributes: Parameters<typeof node>[3] = {}, inputs = ['x']): Node =>
  node(op, inputs, ['y'], attributes);

describe('attributes that became inputs', () => {
  it('Clip', async () => {
    expect((await lifted({ opset: 9, nodes: [one('Clip', { min: -0.5, max: 2.5 })] })).nodes[0]?.inputs).toEqual([
      'x',
      'y_min',
      'y_max',
    ]);
    expect((await lifted({ opset: 9, nodes: [one('Clip', { max: 0.5 })] })).nodes[0]?.inputs).toEqual([
      'x',
      '',
      'y_max',
    ]);
    expect((await lifted({ opset: 10, nodes: [one('Clip')] })).nodes[0]?.inputs).toEqual(['x']);
  });

  it('Pad', async () => {
    await lifted({ opset: 9, nodes: [one('Pad', { pads: [0, 0, 1, 2, 0, 0, 3, 0], value: 1.5 })] });
    await lifted({ opset: 10, nodes: [one('Pad', { pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: 'reflect' })] });
  });

  it('Slice, to the end too', async () => {
    const result = await lifted({
      opset: 9,
      nodes: [one('Slice', { starts: [1, -3], ends: [Number.MAX_SAFE_INTEGER, -1], axes: [2, 3] })],
    });
    expect(result.nodes[0]?.attributes).toEqual({});
    await lifted({ opset: 9, nodes: [one('Slice', { starts: [1], ends: [2] })] });
  });

  it('Squeeze and Unsqueeze', async () => {
    await lifted({
      opset: 11,
      nodes: [node('Unsqueeze', ['x'], ['u'], { axes: [0, 3] }), node('Squeeze', ['u'], ['y'], { axes: [0] })],
    });
    await lifted({ opset: 12, nodes: [one('Squeeze')], input: [2, 1, 3, 1] });
  });

  it('Split, in equal parts too', async () => {
    const parts = (attributes: Parameters<typeof node>[3]) => [
      node('Split', ['x'], ['a', 'b'], attributes),
      one('Concat', { axis: 1 }, ['b', 'a']),
    ];
    await lifted({ opset: 11, nodes: parts({ axis: 1, split: [1, 3] }) });
    const equal = await lifted({ opset: 11, nodes: parts({ axis: 1 }) });
    expect(equal.nodes[0]?.attributes.num_outputs).toEqual({ type: 'int', value: 2 });
    await lifted({ opset: 13, nodes: parts({ axis: 1 }) });
  });

  it('the reductions', async () => {
    for (const op of ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceL2', 'ReduceLogSumExp', 'ReduceMin']) {
      await lifted({ opset: 11, nodes: [one(op, { axes: [2, -1], keepdims: 0 })] });
      await lifted({ opset: 9, nodes: [one(op)] });
    }
    await lifted({ opset: 13, nodes: [one('ReduceMean', { axes: [1] })] });
    expect((await lifted({ opset: 17, nodes: [one('ReduceMean', { axes: [1] })] })).nodes[0]?.inputs).toEqual([
      'x',
      'y_axes',
    ]);
  });

  it('TopK', async () => {
    await lifted({ opset: 9, nodes: [node('TopK', ['x'], ['y', 'indices'], { k: 3, axis: 1 })] });
  });

  it('DFT', async () => {
    const nodes = [one('DFT', { axis: 1 })];
    await lifted({ opset: 17, nodes, input: [2, 8, 1] });
  });
});

describe('Softmax, LogSoftmax and Hardmax before 13', () => {
  it('work along the last axis where that is what they did', async () => {
    const result = await lifted({ opset: 11, nodes: [one('Softmax')], input: [3, 5], shape: ['N', 5] });
    expect(ops(result)).toEqual(['Softmax']);
    expect(ops(await lifted({ opset: 9, nodes: [one('LogSoftmax', { axis: 3 })] }))).toEqual(['LogSoftmax']);
  });

  it('see a matrix otherwise', async () => {
    for (const op of ['Softmax', 'LogSoftmax', 'Hardmax']) {
      for (const axis of [0, 1, 2, -2]) await lifted({ opset: 11, nodes: [one(op, { axis })] });
      await lifted({ opset: 9, nodes: [node('Relu', ['x'], ['h']), one(op, {}, ['h'])] });
    }
  });

  it('are as they are from 13 on', async () => {
    expect((await lifted({ opset: 13, nodes: [one('Softmax', { axis: 1 })] })).nodes[0]?.attributes.axis).toEqual({
      type: 'int',
      value: 1,
    });
  });
});

describe('BatchNormalization', () => {
  const initializers = batchNormParameters('bn', 4);
  const inputs = ['x', 'bn.scale', 'bn.shift', 'bn.mean', 'bn.variance'];

  it('keeps its epsilon', async () => {
    for (const opset of [9, 14, 15]) {
      const result = await lifted({
        opset,
        nodes: [batchNorm('bn', 'x', 'y', { epsilon: 0.25, momentum: 0.5 })],
        initializers,
      });
      expect(Object.keys(result.nodes[0]?.attributes ?? {})).toEqual(['epsilon']);
    }
  });

  it('leaves training mode', async () => {
    const inference = encodeModel(graph({ input: [2, 4, 6, 8], nodes: [batchNorm('bn', 'x', 'y')], initializers }));
    const training = [
      { opset: 15, outputs: ['y', 'm', 'v'], attributes: { training_mode: 1 } },
      { opset: 9, outputs: ['y', 'm', 'v', 'sm', 'sv'], attributes: {} },
    ];
    for (const { opset, outputs, attributes } of training) {
      const bytes = encodeModel(
        graph({
          input: [2, 4, 6, 8],
          nodes: [node('BatchNormalization', inputs, outputs, attributes)],
          initializers,
          opset,
        }),
      );
      const result = decodeModel(bytes);
      expect(result.nodes[0]?.outputs).toEqual(['y']);
      const feeds = { x: normal([2, 4, 6, 8]) };
      expect((await runOrt(result, feeds)).y?.data).toEqual((await runOrt(inference, feeds)).y?.data);
    }
  });

  it('hands on the running statistics where they are asked for', () => {
    const nodes = [
      node('BatchNormalization', inputs, ['h', 'm', 'v'], { training_mode: 1 }),
      one('Add', {}, ['h', 'm']),
    ];
    const result = decodeModel(encodeModel(graph({ input: [2, 4], nodes, initializers, opset: 15 })));
    expect(result.nodes.find(({ outputs }) => outputs[0] === 'm')).toMatchObject({
      op: 'Identity',
      inputs: ['bn.mean'],
    });
  });

  it('of each position is refused', () => {
    const bytes = encodeModel(graph({ nodes: [batchNorm('bn', 'x', 'y', { spatial: 0 })], initializers, opset: 9 }));
    expect(codeOf(() => decodeModel(bytes))).toBe('opset-unsupported');
  });
});

it('GroupNormalization before 21 has a scale for each group', async () => {
  const initializers = { scale: normal([2], 3), bias: normal([2], 4) };
  const result = decodeModel(
    encodeModel(
      graph({
        input: [2, 4, 3, 3],
        nodes: [one('GroupNormalization', { num_groups: 2, epsilon: 0.001 }, ['x', 'scale', 'bias'])],
        initializers,
        opset: 18,
      }),
    ),
  );
  const x = normal([2, 4, 3, 3], 7);
  const y = (await runOrt(result, { x })).y?.data as Float32Array;
  const size = 2 * 9;
  for (let group = 0; group < 4; group++) {
    const values = x.data.slice(group * size, (group + 1) * size);
    const mean = values.reduce((a, b) => a + b, 0) / size;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / size;
    values.forEach((value, i) => {
      const expected =
        ((value - mean) / Math.sqrt(variance + 0.001)) * (initializers.scale.data[group % 2] as number) +
        (initializers.bias.data[group % 2] as number);
      expect(y[group * size + i]).toBeCloseTo(expected, 4);
    });
  }
});

it('Dropout loses what only training needs', async () => {
  expect((await lifted({ opset: 9, nodes: [one('Dropout', { ratio: 0.3 })] })).nodes[0]?.attributes).toEqual({});
  const initializers = { ratio: floats([], [0.5]), training: tensorOf('bool', [], [1]) };
  const bytes = encodeModel(
    graph({ nodes: [one('Dropout', { seed: 1 }, ['x', 'ratio', 'training'])], initializers, opset: 13 }),
  );
  expect(decodeModel(bytes).nodes[0]?.inputs).toEqual(['x']);
});

describe('Upsample and Resize', () => {
  it('of opset 9 and 10', async () => {
    for (const mode of ['nearest', 'linear']) {
      for (const scales of [
        [1, 1, 2, 3],
        [1, 1, 1.5, 2.5],
      ]) {
        await lifted({
          opset: 9,
          nodes: [one('Upsample', { mode }, ['x', 's'])],
          initializers: { s: floats([4], scales) },
        });
        await lifted({
          opset: 10,
          nodes: [one('Resize', { mode }, ['x', 's'])],
          initializers: { s: floats([4], scales) },
        });
      }
      await lifted({
        opset: 10,
        nodes: [one('Resize', { mode }, ['x', 's'])],
        initializers: { s: floats([4], [1, 1, 0.5, 0.6]) },
      });
    }
  });

  it('of opset 11 with empty tensors for what is left out', async () => {
    const initializers = { roi: floats([0], []), none: floats([0], []), sizes: int64Of([2, 4, 9, 5]) };
    for (const mode of ['half_pixel', 'align_corners', 'pytorch_half_pixel', 'asymmetric']) {
      const attributes = { mode: 'linear', coordinate_transformation_mode: mode };
      const result = await lifted({
        opset: 11,
        nodes: [one('Resize', attributes, ['x', 'roi', 'none', 'sizes'])],
        initializers,
      });
      expect(result.nodes[0]?.inputs).toEqual(['x', '', '', 'sizes']);
    }
  });

  it('refuses a mode that is gone', () => {
    const attributes = { mode: 'nearest', coordinate_transformation_mode: 'tf_half_pixel_for_nn' };
    const bytes = encodeModel(
      graph({
        nodes: [one('Resize', attributes, ['x', '', 's'])],
        initializers: { s: floats([4], [1, 1, 2, 2]) },
        opset: 11,
      }),
    );
    expect(codeOf(() => decodeModel(bytes))).toBe('opset-unsupported');
  });
});

describe('other renamed operators and modes', () => {
  it('Scatter', async () => {
    const initializers = { at: tensorOf('int64', [2, 1], [1, 0]), value: floats([2, 1], [9, 8]) };
    await lifted({ opset: 9, nodes: [one('Scatter', { axis: 1 }, ['x', 'at', 'value'])], initializers, input: [2, 4] });
  });

  it('GridSample', async () => {
    const initializers = { grid: normal([2, 3, 3, 2], 5, 0.5) };
    for (const mode of ['bilinear', 'nearest', 'bicubic']) {
      await lifted({ opset: 16, nodes: [one('GridSample', { mode }, ['x', 'grid'])], initializers });
    }
    await lifted({ opset: 16, nodes: [one('GridSample', {}, ['x', 'grid'])], initializers });
  });

  it('RoiAlign', async () => {
    const initializers = { boxes: floats([2, 4], [0, 0, 5, 5, 1, 1, 6, 4]), batch: int64Of([0, 1]) };
    const attributes = { output_height: 2, output_width: 3, sampling_ratio: 2 };
    await lifted({ opset: 10, nodes: [one('RoiAlign', attributes, ['x', 'boxes', 'batch'])], initializers });
  });
});

describe('opsets after 21', () => {
  it('are read where operators mean the same', async () => {
    const initializers = { w: normal([5, 4, 3, 3], 2), bits: int64Of([0, -1]) };
    const nodes = [
      node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
      node('HardSwish', ['c'], ['h']),
      node('MaxPool', ['h'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Reshape', ['p', 'bits'], ['y']),
    ];
    for (const opset of [22, 23, 24, 25, 26])
      expect(ops(await lifted({ opset, nodes, initializers }))).toEqual(['Conv', 'HardSwish', 'MaxPool', 'Reshape']);
  });

  it('Swish and RMSNormalization are written out', async () => {
    const swish = (attributes: Parameters<typeof node>[3]) =>
      decodeModel(encodeModel(graph({ input: [2, 3], nodes: [one('Swish', attributes)], opset: 24 })));
    const x = normal([2, 3]);
    for (const alpha of [1, 0.5]) {
      const { y } = await runOrt(swish(alpha === 1 ? {} : { alpha }), { x });
      x.data.forEach((value, i) => {
        expect((y!.data as Float32Array)[i]).toBeCloseTo(value / (1 + Math.exp(-alpha * value)), 5);
      });
    }
    const scale = normal([6], 3);
    for (const axis of [-1, 1]) {
      const initializers = { scale: axis === -1 ? scale : normal([4, 6], 4) };
      const bytes = encodeModel(
        graph({
          input: [2, 4, 6],
          nodes: [one('RMSNormalization', { axis }, ['x', 'scale'])],
          initializers,
          opset: 23,
        }),
      );
      const values = normal([2, 4, 6], 5);
      const y = (await runOrt(decodeModel(bytes), { x: values })).y?.data as Float32Array;
      const count = elementCount(initializers.scale.dims);
      values.data.forEach((value, i) => {
        const first = i - (i % count);
        const mean = values.data.slice(first, first + count).reduce((a, b) => a + b * b, 0) / count;
        expect(y[i]).toBeCloseTo((value / Math.sqrt(mean + 1e-5)) * (initializers.scale.data[i % count] as number), 4);
      });
    }
  });

  it('are refused, naming the node, where 21 cannot say what they mean', () => {
    const file = (op: string, opset: number, attributes: Parameters<typeof node>[3] = {}, inputs = ['x']) =>
      encodeModel(graph({ nodes: [one(op, attributes, inputs)], initializers: { s: floats([], [1]) }, opset }));
    for (const [op, opset] of [
      ['Attention', 23],
      ['RotaryEmbedding', 23],
      ['TensorScatter', 24],
      ['CumProd', 26],
    ] as const) {
      expect(
        codeOf(() => decodeModel(file(op, opset))),
        op,
      ).toBe('opset-unsupported');
      expect(() => decodeModel(file(op, opset))).toThrow(`${op} "y"`);
    }
    expect(codeOf(() => decodeModel(file('DequantizeLinear', 23, { output_dtype: 10 }, ['x', 's'])))).toBe(
      'opset-unsupported',
    );
    expect(codeOf(() => decodeModel(file('DequantizeLinear', 23, { output_dtype: 1 }, ['x', 's'])))).toBeUndefined();
    expect(codeOf(() => decodeModel(file('QuantizeLinear', 23, { precision: 10 }, ['x', 's'])))).toBe(
      'opset-unsupported',
    );
  });

  it('Cast loses the rounding of 8-bit exponents', async () => {
    const nodes = [node('Cast', ['x'], ['i'], { to: 6, round_mode: 'up' }), node('Cast', ['i'], ['y'], { to: 1 })];
    expect((await lifted({ opset: 24, nodes })).nodes[0]?.attributes).toEqual({ to: { type: 'int', value: 6 } });
  });
});
