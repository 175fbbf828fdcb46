import { createHash } from 'node:crypto';
import { operatorSetOf, standardOperators, tensorOf, withOperators } from '@datafree/core';
import type { Dim, Graph, Node, Tensor, ValueInfo } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { encodeModel } from '../encode/model.ts';
import { batchNorm, batchNormParameters, codeOf, graph, node, normal, protoModel } from '../fixture.ts';
import { loadModel, prepareModel } from './load.ts';

const initializers: Record<string, Tensor> = {
  w: normal([4, 3, 3, 3]),
  fc: normal([4, 5]),
  ...batchNormParameters('bn', 4),
};
const nodes = [
  node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
  batchNorm('bn', 'c', 'b'),
  node('Relu', ['b'], ['r']),
  node('GlobalAveragePool', ['r'], ['p']),
  node('Flatten', ['p'], ['f']),
  node('MatMul', ['f', 'fc'], ['y']),
];
const network = (input: readonly Dim[] = ['batch', 3, 8, 8]): Graph => graph({ input, nodes, initializers });
const withInput = (input: Partial<ValueInfo>): Graph => {
  const original = network();
  return { ...original, inputs: [{ ...original.inputs[0]!, ...input }] };
};

describe('loadModel', () => {
  it('gives a model ready for data-free work', () => {
    const bytes = encodeModel(network());
    const grid = { scale: [1 / 255], offset: [0], low: 0, high: 255, whole: true };
    const model = loadModel(bytes, { grid });
    expect(model.input).toEqual({ name: 'x', dtype: 'float32', shape: ['N', 3, 8, 8] });
    expect(model.output).toEqual({ name: 'y', dtype: 'float32', shape: ['N', 5] });
    expect(model.graph.inputs).toEqual([model.input]);
    expect(model.batchNorms.map(({ tensor }) => tensor)).toEqual(['c']);
    expect(model.hash).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(model.grid).toBe(grid);
    expect(loadModel(bytes, { hash: 'abc' }).hash).toBe('abc');
  });

  it('refuses options that there are not', () => {
    const refused = expect.objectContaining({
      code: 'option-invalid',
      path: 'foo',
      message: expect.stringMatching(/Model: foo: there is no such option; there are .*inputShape/),
    });
    const options = { foo: 1 } as object;
    expect(() => loadModel(encodeModel(network()), options)).toThrow(refused);
    expect(() => prepareModel(network(), options)).toThrow(refused);
  });

  it.each([
    ['model.onnx', /^loadModel: bytes: the text "model\.onnx"/, /readFile\("model\.onnx"\)/],
    [undefined, /nothing was given/, /readFile/],
    [new ArrayBuffer(4), /an ArrayBuffer was given/, /readFile/],
  ])('refuses %j in the place of bytes, and says what to do', (bytes, message, hint) => {
    expect(() => loadModel(bytes as never)).toThrow(
      expect.objectContaining({
        code: 'option-invalid',
        path: 'bytes',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      }),
    );
  });

  it('reads weights from side files', () => {
    const float = (...dims: readonly number[]) => ({
      value: {
        case: 'tensorType' as const,
        value: {
          elemType: 1,
          shape: { dim: dims.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } })) },
        },
      },
    });
    const bytes = protoModel({
      graph: {
        input: [{ name: 'x', type: float(1, 2) }],
        output: [{ name: 'y', type: float(1, 2) }],
        node: [{ opType: 'Mul', input: ['x', 'w'], output: ['y'] }],
        initializer: [
          { name: 'w', dims: [2n], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: 'w.bin' }] },
        ],
      },
    });
    const file = new Uint8Array(Float32Array.of(3, 4).buffer);
    const model = loadModel(bytes, {
      requireBatchNorm: false,
      externalData: (location) => (location === 'w.bin' ? file : undefined),
    });
    expect(model.graph.initializers.get('w')?.data).toEqual(Float32Array.of(3, 4));
    expect(codeOf(() => loadModel(bytes, { requireBatchNorm: false }))).toBe('external-data-missing');
  });
});

describe('the input', () => {
  it('is one', () => {
    const second: ValueInfo = { name: 'x2', dtype: 'float32', shape: ['batch', 5] };
    const original = network();
    const two = {
      ...original,
      inputs: [...original.inputs, second],
      nodes: [...nodes.slice(0, -1), node('MatMul', ['f', 'fc'], ['m']), node('Add', ['m', 'x2'], ['y'])],
    };
    expect(codeOf(() => prepareModel(two))).toBe('several-inputs');
    expect(() => prepareModel(two)).toThrow(/"x" \[batch,3,8,8\], "x2" \[batch,5\]/);
    const unread = { ...original, inputs: [...original.inputs, second] };
    expect(prepareModel(unread).graph.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('is there', () => {
    const constant = graph({ nodes: [node('Relu', ['w'], ['y'])], initializers });
    expect(codeOf(() => prepareModel(constant))).toBe('input-unsupported');
  });

  it('holds float32 values on two or more axes', () => {
    expect(codeOf(() => prepareModel(withInput({ dtype: 'float16' })))).toBe('input-unsupported');
    expect(codeOf(() => prepareModel(withInput({ dtype: 'uint8' })))).toBe('input-unsupported');
    expect(codeOf(() => prepareModel(withInput({ shape: ['N'] })))).toBe('input-unsupported');
  });

  it('gets a size where the file leaves one free', () => {
    const free = network(['batch', 3, 'height', 'width']);
    expect(codeOf(() => prepareModel(free))).toBe('input-unsupported');
    expect(() => prepareModel(free)).toThrow(/"height" and "width"/);
    expect(prepareModel(free, { inputShape: [3, 16, 12] }).input.shape).toEqual(['N', 3, 16, 12]);
    for (const inputShape of [
      [3, 16],
      [4, 16, 12],
    ])
      expect(
        codeOf(() => prepareModel(free, { inputShape })),
        String(inputShape),
      ).toBe('input-unsupported');
    expect(codeOf(() => prepareModel(withInput({ shape: ['...'] })))).toBe('input-unsupported');
    expect(prepareModel(withInput({ shape: ['...'] }), { inputShape: [3, 8, 8] }).input.shape).toEqual(['N', 3, 8, 8]);
  });

  it('keeps its batch with a warning where it must', () => {
    const fixed = graph({
      input: [2, 3],
      nodes: [batchNorm('bn3', 'x', 'h'), node('Add', ['h', 'c'], ['y'])],
      initializers: { ...batchNormParameters('bn3', 3), c: normal([2, 3]) },
    });
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, warn: (message: string) => warnings.push(message) };
    expect(prepareModel(fixed, { logger }).input.shape).toEqual([2, 3]);
    expect(warnings).toEqual([expect.stringMatching(/"x" keeps its size 2: Add "y"/)]);
    prepareModel(network(), { logger });
    expect(warnings).toHaveLength(1);
  });
});

describe('a network that is quantised already', () => {
  const scales = { s: tensorOf('float32', [], [0.1]), z: tensorOf('uint8', [], [0]) };
  const quantised = (changed: readonly Node[]): Graph =>
    graph({
      input: ['N', 3, 8, 8],
      nodes: [...changed, ...nodes.slice(1)],
      initializers: { ...initializers, ...scales },
    });

  it('is refused, whatever it is made of', () => {
    const pair = [
      node('QuantizeLinear', ['x', 's', 'z'], ['q']),
      node('DequantizeLinear', ['q', 's', 'z'], ['d']),
      node('Conv', ['d', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
    ];
    expect(() => loadModel(encodeModel(quantised(pair)))).toThrowError(
      expect.objectContaining({
        code: 'model-quantized',
        message: 'The network is quantised already: 2 of its 8 nodes are DequantizeLinear, QuantizeLinear.',
      }),
    );
    expect(codeOf(() => prepareModel(quantised([node('QLinearConv', ['x', 's', 'z', 'w'], ['c'])])))).toBe(
      'model-quantized',
    );
    const contributed = { ...node('QLinearAdd', ['x', 's', 'z'], ['c']), domain: 'com.microsoft' };
    expect(codeOf(() => prepareModel(quantised([contributed])))).toBe('model-quantized');
    expect(codeOf(() => prepareModel(quantised([{ ...contributed, domain: 'example' }])))).not.toBe('model-quantized');
  });
});

describe('operators that are not known', () => {
  const own = { ...node('Own', ['r'], ['o']), domain: 'my.domain' };
  const custom = graph({
    input: ['N', 3, 8, 8],
    nodes: [...nodes.slice(0, 3), own, node('Flatten', ['o'], ['y'])],
    initializers,
  });

  it('are carried along', () => {
    const model = prepareModel(custom);
    expect(model.batchNorms).toHaveLength(1);
    expect(model.graph.nodes.map(({ op }) => op)).toContain('Own');
  });

  it('can be taught', () => {
    const operators = withOperators(standardOperators, [
      { type: 'Own', domain: 'my.domain', infer: ({ inputs }) => [inputs[0]!] },
    ]);
    const model = prepareModel(custom, { operators });
    expect(model.output.shape).toEqual(['N', 256]);
    expect(operatorSetOf(model)).toBe(operators);
    expect(operatorSetOf(prepareModel(network()))).toBe(standardOperators);
  });
});

describe('a network without BatchNormalization', () => {
  const convolution = (
    i: number,
    from: string,
    extra: Parameters<typeof node>[3] = {},
    weights = `conv${i}.weight`,
  ): Node[] => [
    node('Conv', [from, weights, `conv${i}.bias`], [`c${i}`], { pads: [1, 1, 1, 1], ...extra }),
    node('Relu', [`c${i}`], [`r${i}`]),
  ];
  const weights = (group = 1): Record<string, Tensor> =>
    Object.fromEntries(
      Array.from({ length: 5 }, (_, i) => [
        [`conv${i}.weight`, normal([8, 8 / group, 3, 3], i)] as const,
        [`conv${i}.bias`, normal([8], i)] as const,
      ]).flat(),
    );
  const plain = (extra: Parameters<typeof node>[3] = {}, group = 1) =>
    graph({
      input: ['N', 8, 6, 6],
      nodes: [0, 1, 2, 3, 4]
        .flatMap((i) => convolution(i, i === 0 ? 'x' : `r${i - 1}`, extra))
        .concat(node('Flatten', ['r4'], ['y'])),
      initializers: weights(group),
    });
  const residual = (norm: readonly Node[] = [node('Flatten', ['s'], ['y'])]) =>
    graph({
      input: ['N', 8, 6, 6],
      nodes: [
        ...[0, 1, 2, 3].flatMap((i) => convolution(i, i === 0 ? 'x' : `r${i - 1}`)),
        node('Add', ['c3', 'r0'], ['s']),
        ...norm,
      ],
      initializers: { ...weights(), scale: normal([8]), shift: normal([8]) },
    });

  it('that never had one is told so', () => {
    expect(codeOf(() => prepareModel(plain()))).toBe('batchnorm-missing');
    expect(
      codeOf(() =>
        prepareModel(
          residual([node('InstanceNormalization', ['s', 'scale', 'shift'], ['n']), node('Flatten', ['n'], ['y'])]),
        ),
      ),
    ).toBe('batchnorm-missing');
  });

  it('is told how to export it unfolded when it was folded', () => {
    expect(codeOf(() => prepareModel(residual()))).toBe('batchnorm-folded');
    expect(codeOf(() => prepareModel(plain({ group: 8 }, 8)))).toBe('batchnorm-folded');
    try {
      prepareModel(residual());
    } catch (error) {
      const { hint } = error as { hint: string };
      for (const part of [
        'torch.onnx.export',
        'TrainingMode.PRESERVE',
        'do_constant_folding=False',
        'Keras',
        'gaussian',
      ])
        expect(hint).toContain(part);
    }
  });

  it('is recognised by the names that exporters give to folded weights', () => {
    for (const name of [
      'onnx::Conv_123',
      'conv1/Conv2D_weights_fused_bn',
      'ConvBnFusion_W_conv1.weight',
      'features.0.bn1.weight',
      'model/batch_normalization/FusedBatchNormV3;w',
    ]) {
      const original = plain();
      const renamed = {
        ...original,
        nodes: [...convolution(0, 'x', {}, name), ...original.nodes.slice(2)],
        initializers: new Map([...original.initializers, [name, normal([8, 8, 3, 3])]]),
      };
      expect(
        codeOf(() => prepareModel(renamed)),
        name,
      ).toBe('batchnorm-folded');
    }
  });

  it('only in part gets a warning', () => {
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, warn: (message: string) => warnings.push(message) };
    const partly = network();
    const renamed = {
      ...partly,
      nodes: [node('Conv', ['x', 'onnx::Conv_7'], ['c'], { pads: [1, 1, 1, 1] }), ...nodes.slice(1)],
    };
    prepareModel(
      { ...renamed, initializers: new Map([...partly.initializers, ['onnx::Conv_7', normal([4, 3, 3, 3])]]) },
      { logger },
    );
    expect(warnings).toEqual([expect.stringMatching(/"onnx::Conv_7".*torch\.onnx\.export/)]);
  });

  it('passes when none is needed', () => {
    expect(prepareModel(plain(), { requireBatchNorm: false }).batchNorms).toEqual([]);
  });
});

it('a variance of zero is an error also when none is needed', () => {
  const broken = {
    ...network(),
    initializers: new Map([...network().initializers, ['bn.variance', tensorOf('float32', [4], [1, 1, 0, 1])]]),
  } as Graph;
  expect(codeOf(() => prepareModel(broken, { requireBatchNorm: false }))).toBe('batchnorm-variance');
});
