import type { Graph } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { encodeModel } from '../encode/model.ts';
import { codeOf, floats, graph, node, normal, protoModel, runOrt } from '../fixture.ts';
import { TensorProto_DataLocation, AttributeProto_AttributeType as Type } from '../proto/generated/onnx_pb.ts';
import { decodeModel } from './model.ts';

const float = (dims: readonly (bigint | string | undefined)[]) => ({
  value: {
    case: 'tensorType' as const,
    value: {
      elemType: 1,
      shape: {
        dim: dims.map((dim) => ({
          value:
            typeof dim === 'bigint'
              ? { case: 'dimValue' as const, value: dim }
              : dim === undefined
                ? { case: undefined }
                : { case: 'dimParam' as const, value: dim },
        })),
      },
    },
  },
});
const x = { name: 'x', type: float([2n, 3n]) };
const y = { name: 'y', type: float([2n, 3n]) };
const relu = { opType: 'Relu', input: ['x'], output: ['y'] };
const weights = { name: 'w', dims: [3n], dataType: 1, floatData: [1, 2, 3] };
const add = { opType: 'Add', input: ['x', 'w'], output: ['y'] };

describe('what breaks the rules of ONNX', () => {
  const invalid = (graphProto: object): string | undefined =>
    codeOf(() => decodeModel(protoModel({ graph: graphProto as never })));

  it('is refused', () => {
    const base = { input: [x], output: [y] };
    expect(invalid({ ...base, node: [relu, relu] }), 'two producers').toBe('model-invalid');
    expect(invalid({ ...base, node: [add], initializer: [weights, weights] }), 'two initializers').toBe(
      'model-invalid',
    );
    expect(invalid({ ...base, node: [{ ...relu, output: ['x'] }] }), 'a node that makes the input').toBe(
      'model-invalid',
    );
    expect(invalid({ ...base, node: [add] }), 'a value without producer').toBe('model-invalid');
    expect(invalid({ ...base, node: [{ ...relu, output: ['z'] }] }), 'an output without producer').toBe(
      'model-invalid',
    );
    const cycle = [
      { opType: 'Add', input: ['x', 'b'], output: ['a'] },
      { opType: 'Relu', input: ['a'], output: ['b'] },
      { opType: 'Relu', input: ['b'], output: ['y'] },
    ];
    expect(invalid({ ...base, node: cycle }), 'a cycle').toBe('model-invalid');
  });

  it('names sparse weights, strange inputs and attributes', () => {
    const base = { input: [x], output: [y], node: [relu] };
    expect(invalid({ ...base, sparseInitializer: [{ values: { name: 'w' } }] })).toBe('unsupported');
    const sequence = { name: 'x', type: { value: { case: 'sequenceType', value: { elemType: float([]) } } } };
    expect(invalid({ ...base, input: [sequence] })).toBe('input-unsupported');
    const attribute = [{ name: 'types', type: Type.TYPE_PROTOS }];
    expect(invalid({ ...base, node: [{ ...relu, attribute }] })).toBe('attribute-invalid');
  });

  it('has nodes', () => {
    expect(invalid({ input: [x], output: [{ ...y, name: 'x' }] })).toBe('model-empty');
  });
});

describe('versions', () => {
  const opset = (version: number) =>
    protoModel({ opsetImport: [{ version: BigInt(version) }], graph: { input: [x], output: [y], node: [relu] } });

  it('are those from 9 to 26', () => {
    for (const version of [9, 13, 21, 26]) expect(decodeModel(opset(version)).opset).toEqual({ '': 21 });
    for (const version of [1, 8, 27])
      expect(
        codeOf(() => decodeModel(opset(version))),
        `${version}`,
      ).toBe('opset-unsupported');
    expect(() => decodeModel(opset(8))).toThrow(/opset 8/);
  });

  it('stay when the file is read as it is', () => {
    expect(decodeModel(opset(8), { lift: false }).opset).toEqual({ '': 8 });
  });

  it('of the file format are known', () => {
    const future = protoModel({ irVersion: 99n, graph: { input: [x], output: [y], node: [relu] } });
    expect(codeOf(() => decodeModel(future))).toBe('opset-unsupported');
  });
});

describe('weights', () => {
  const withWeights = (values: readonly number[]) =>
    encodeModel(
      graph({
        input: ['N', 3],
        nodes: [node('Add', ['x', 'w'], ['y'])],
        initializers: { w: floats([values.length], values) },
      }),
    );

  it('are finite', () => {
    expect(codeOf(() => decodeModel(withWeights([1, Number.NaN, 0])))).toBe('weight-not-finite');
    expect(codeOf(() => decodeModel(withWeights([1, 0, Number.NEGATIVE_INFINITY])))).toBe('weight-not-finite');
    expect(() => decodeModel(withWeights([1, Number.NaN, 0]))).toThrow(/Element 1 of "w"/);
    expect(codeOf(() => decodeModel(withWeights([Number.NaN])))).toBe('weight-not-finite');
  });

  it('of one element may be an infinite bound', () => {
    expect(codeOf(() => decodeModel(withWeights([Number.POSITIVE_INFINITY])))).toBeUndefined();
  });

  it('of 16 bits are checked too', () => {
    const half = (values: readonly number[]) =>
      encodeModel(
        graph({
          nodes: [node('Cast', ['w'], ['f'], { to: 1 }), node('Add', ['x', 'f'], ['y'])],
          initializers: { w: { dtype: 'float16', dims: [values.length], data: Uint16Array.from(values) } },
        }),
      );
    expect(codeOf(() => decodeModel(half([0x3c00, 0x7c00])))).toBe('weight-not-finite');
    expect(codeOf(() => decodeModel(half([0x7e00])))).toBe('weight-not-finite');
    expect(codeOf(() => decodeModel(half([0x3c00, 0x7bff])))).toBeUndefined();
  });

  it('in side files together are below 2 GB', () => {
    const big = { name: 'w', dims: [3n], dataType: 1, dataLocation: TensorProto_DataLocation.EXTERNAL };
    const external = [
      { key: 'location', value: 'w.bin' },
      { key: 'length', value: String(3e9) },
    ];
    const bytes = protoModel({
      graph: { input: [x], output: [y], node: [add], initializer: [{ ...big, externalData: external }] },
    });
    expect(codeOf(() => decodeModel(bytes))).toBe('model-too-large');
    expect(() => decodeModel(bytes)).toThrow(/3\.00 GB/);
  });
});

describe('one canonical form', () => {
  const read = (graphProto: object, init: object = {}): Graph =>
    decodeModel(protoModel({ graph: graphProto as never, ...init }));

  it('takes initializers out of the inputs', () => {
    const old = read(
      { input: [x, { name: 'w', type: float([3n]) }], output: [y], node: [add], initializer: [weights] },
      { irVersion: 3n },
    );
    expect(old.inputs.map(({ name }) => name)).toEqual(['x']);
    expect([...old.initializers.keys()]).toEqual(['w']);
  });

  it('turns Constant nodes into initializers, whatever their form and place', () => {
    const forms = [
      { name: 'value', type: Type.TENSOR, t: { ...weights, name: '' } },
      { name: 'value_floats', type: Type.FLOATS, floats: [1, 2, 3] },
      { name: 'value_ints', type: Type.INTS, ints: [1n, 2n, 3n] },
      { name: 'value_float', type: Type.FLOAT, f: 1 },
      { name: 'value_int', type: Type.INT, i: 1n },
    ];
    const expected = [
      ['float32', [3]],
      ['float32', [3]],
      ['int64', [3]],
      ['float32', []],
      ['int64', []],
    ];
    forms.forEach((attribute, i) => {
      const result = read({
        input: [x],
        output: [y],
        node: [add, { opType: 'Constant', output: ['w'], attribute: [attribute] }],
      });
      expect(result.nodes.map(({ op }) => op)).toEqual(['Add']);
      const tensor = result.initializers.get('w');
      expect([tensor?.dtype, tensor?.dims]).toEqual(expected[i]);
    });
  });

  it('sorts nodes and gives each a name of its own', () => {
    const chain = [
      { opType: 'Relu', input: ['b'], output: ['y'], name: 'twice' },
      { opType: 'Relu', input: ['a'], output: ['b'] },
      { opType: 'Relu', input: ['x'], output: ['a'], name: 'twice' },
    ];
    const result = read({ input: [x], output: [y], node: chain });
    expect(result.nodes.map(({ outputs }) => outputs[0])).toEqual(['a', 'b', 'y']);
    expect(result.nodes.map(({ name }) => name)).toEqual(['twice_1', 'Relu', 'twice']);
  });

  it('names free dimensions', () => {
    const result = read({
      input: [{ name: 'x', type: float(['batch', undefined, 0n, 4n]) }],
      output: [{ name: 'y', type: { value: { case: 'tensorType', value: { elemType: 1 } } } }],
      node: [relu],
    });
    expect(result.inputs[0]?.shape).toEqual(['batch', 'x.1', 'x.2', 4]);
    expect(result.outputs[0]?.shape).toEqual(['...']);
  });

  it('keeps metadata and other domains', () => {
    const custom = { opType: 'Own', domain: 'my.domain', input: ['x'], output: ['y'] };
    const result = read(
      { input: [x], output: [y], node: [custom] },
      {
        metadataProps: [{ key: 'licence', value: 'MIT' }],
        opsetImport: [{ version: 13n }, { domain: 'my.domain', version: 2n }, { domain: 'unused', version: 1n }],
      },
    );
    expect(result.opset).toEqual({ '': 21, 'my.domain': 2 });
    expect([...result.metadata]).toEqual([['licence', 'MIT']]);
  });
});

describe('local functions', () => {
  // leaky(a, slope): max(a, 0) + slope * min(a, 0), written with a constant and an inner value
  const leaky = {
    name: 'leaky',
    domain: 'local',
    input: ['a'],
    output: ['r'],
    attribute: ['slope'],
    opsetImport: [{ domain: '', version: 17n }],
    node: [
      {
        opType: 'Constant',
        output: ['s'],
        attribute: [{ name: 'value_float', refAttrName: 'slope', type: Type.FLOAT }],
      },
      { opType: 'Relu', input: ['a'], output: ['p'] },
      { opType: 'Sub', input: ['a', 'p'], output: ['n'] },
      { opType: 'Mul', input: ['n', 's'], output: ['m'] },
      { opType: 'Add', input: ['p', 'm'], output: ['r'] },
    ],
  };
  const call = (input: string, output: string, slope: number) => ({
    opType: 'leaky',
    domain: 'local',
    name: `call_${output}`,
    input: [input],
    output: [output],
    attribute: [{ name: 'slope', type: Type.FLOAT, f: slope }],
  });
  const bytes = protoModel({
    opsetImport: [{ version: 17n }, { domain: 'local', version: 1n }],
    functions: [leaky],
    graph: { name: 'g', input: [x], output: [y], node: [call('x', 'h', 0.5), call('h', 'y', 0.25)] },
  });

  it('are written out', async () => {
    const result = decodeModel(bytes);
    expect(result.opset).toEqual({ '': 21 });
    expect(result.nodes.map(({ op }) => op)).toEqual(['Relu', 'Sub', 'Mul', 'Add', 'Relu', 'Sub', 'Mul', 'Add']);
    const feeds = { x: normal([2, 3]) };
    expect((await runOrt(result, feeds)).y?.data).toEqual((await runOrt(bytes, feeds)).y?.data);
  });

  it('are lifted from the opset of their own', () => {
    const old = {
      ...leaky,
      attribute: [],
      opsetImport: [{ domain: '', version: 10n }],
      node: [{ opType: 'Clip', input: ['a'], output: ['r'], attribute: [{ name: 'min', type: Type.FLOAT, f: 0 }] }],
    };
    const result = decodeModel(
      protoModel({ functions: [old], graph: { input: [x], output: [y], node: [call('x', 'y', 1)] } }),
    );
    expect(result.nodes[0]?.inputs).toEqual(['x', 'y_min']);
  });

  it('do not call themselves', () => {
    const endless = { ...leaky, node: [call('a', 'r', 1)] };
    const model = protoModel({ functions: [endless], graph: { input: [x], output: [y], node: [call('x', 'y', 1)] } });
    expect(codeOf(() => decodeModel(model))).toBe('model-invalid');
  });
});

describe('branches', () => {
  const branch = (op: string) => ({
    name: op,
    node: [{ opType: op, input: ['x'], output: [`${op}_out`] }],
    output: [{ name: `${op}_out`, type: float([2n, 3n]) }],
  });
  const choice = (condition: string) => ({
    opType: 'If',
    input: [condition],
    output: ['y'],
    attribute: [
      { name: 'then_branch', type: Type.GRAPH, g: branch('Relu') },
      { name: 'else_branch', type: Type.GRAPH, g: branch('Neg') },
    ],
  });

  it('on a constant are resolved', () => {
    for (const [value, op] of [
      [1, 'Relu'],
      [0, 'Neg'],
    ] as const) {
      const condition = { name: 'c', dims: [], dataType: 9, int32Data: [value] };
      const result = decodeModel(
        protoModel({ graph: { input: [x], output: [y], initializer: [condition], node: [choice('c')] } }),
      );
      expect(result.nodes.map((n) => [n.op, n.inputs, n.outputs])).toEqual([[op, ['x'], ['y']]]);
    }
  });

  it('on a value that is computed stay, with what they read from outside', async () => {
    const nodes = [
      { opType: 'ReduceSum', input: ['x'], output: ['s'], attribute: [{ name: 'keepdims', type: Type.INT, i: 0n }] },
      { opType: 'Cast', input: ['s'], output: ['c'], attribute: [{ name: 'to', type: Type.INT, i: 9n }] },
    ];
    const bytes = protoModel({ graph: { name: 'g', input: [x], output: [y], node: [...nodes, choice('c')] } });
    const result = decodeModel(bytes);
    expect(result.nodes.map(({ op }) => op)).toEqual(['ReduceSum', 'Cast', 'If']);
    const feeds = { x: normal([2, 3]) };
    expect((await runOrt(result, feeds)).y?.data).toEqual((await runOrt(bytes, feeds)).y?.data);
  });
});
