import type { Graph } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { relu } from '../ops/activation/relu.ts';
import { add } from '../ops/elementwise/add.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { standardOperators } from '../ops/index.ts';
import { reshape } from '../ops/layout/reshape.ts';
import { dequantizeLinear } from '../ops/quantization/dequantizeLinear.ts';
import { reduceSum } from '../ops/reduction/reduceSum.ts';
import { tensorOf } from '../tensor.ts';
import { bind, inferTypes } from './bind.ts';
import { GraphBuilder } from './builder.ts';
import { interpret } from './interpret.ts';
import { type Value, withOperators } from './operator.ts';

describe('GraphBuilder', () => {
  it('tells attributes apart that JSON does not', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const limits = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0, -0];
    const nodes = limits.map((value) => b.op('ThresholdedRelu', [x], { alpha: { type: 'float', value } }));
    expect(new Set(nodes).size).toBe(limits.length);
    expect(b.op('ThresholdedRelu', [x], { alpha: { type: 'float', value: Number.NaN } })).toBe(nodes[2]);
  });

  it('puts only values of its own, of the same type, in the place of initializers', () => {
    const inner = new GraphBuilder({ name: 'inner' });
    const weight = inner.constant(tensorOf('float32', [3], [1, 2, 3]), 'w');
    inner.output(mul(inner, inner.input('x', 'float32', [3]), weight), 'y');
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [3]);
    const wide = b.input('wide', 'float32', [4, 1]);
    const foreign = new GraphBuilder().input('x', 'float32', [3]);
    const replaced = (name: string, value: Value) =>
      b.inline(inner.build(), { x }, { replace: new Map([[name, value]]) })('y');
    expect(replaced('w', x).shape).toEqual([3]);
    expect(() => replaced('w', foreign)).toThrowError(expect.objectContaining({ code: 'value-unknown' }));
    expect(() => replaced('v', x)).toThrowError(expect.objectContaining({ code: 'value-unknown', tensor: 'v' }));
    expect(() => replaced('w', wide)).toThrowError(expect.objectContaining({ code: 'shape-mismatch', tensor: 'w' }));
  });

  it('writes a graph that computes what was asked', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    b.output(reduceSum(b, relu(b, add(b, x, b.scalar(-1))), [1]), 'y');
    const x0 = tensorOf('float32', [2, 3], [0, 1, 2, 3, 4, -5]);
    expect([...(interpret(b.build(), { x: x0 }).y!.data as Float32Array)]).toEqual([1, 5]);
  });

  it('shares equal operations and equal constants', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4]);
    expect(add(b, x, b.scalar(2))).toBe(add(b, x, b.scalar(2)));
    expect(b.scalar(0)).not.toBe(b.scalar(-0));
    expect(b.applications).toHaveLength(1);
  });

  it('folds what is constant', () => {
    const b = new GraphBuilder();
    const six = mul(b, b.scalar(2), b.scalar(3));
    expect(b.constantOf(six)?.data).toEqual(Float32Array.of(6));
    expect(b.applications).toHaveLength(0);
  });

  it('keeps stored weights in front of DequantizeLinear', () => {
    const b = new GraphBuilder();
    const codes = b.constant(tensorOf('int8', [2], [3, -4]));
    b.output(dequantizeLinear(b, codes, b.scalar(0.5)), 'y');
    const graph = b.build();
    expect(graph.nodes.map((node) => node.op)).toEqual(['DequantizeLinear']);
    expect([...(interpret(graph, {}).y!.data as Float32Array)]).toEqual([1.5, -2]);
  });

  it('knows shapes that a file computes', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [5, 2, 2]);
    const flat = b.op('Reshape', [relu(b, x), b.op('Shape', [b.input('other', 'float32', [4, 5])])]);
    expect(flat.shape).toEqual([4, 5]);
  });

  it('leaves out what no output needs', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    relu(b, x);
    b.output(add(b, x, x), 'y');
    const graph = b.build();
    expect(graph.nodes.map((node) => node.op)).toEqual(['Add']);
    expect(graph.initializers.size).toBe(0);
  });

  it('names the node and the shapes when they do not fit', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    expect(() => add(b, x, b.input('z', 'float32', [4]))).toThrowError(/Add "Add" \(float32\[2,3\], float32\[4\]\)/);
    expect(() => reshape(b, x, [5])).toThrowError(expect.objectContaining({ code: 'shape-mismatch' }));
    expect(() => b.op('Frobnicate', [x])).toThrowError(expect.objectContaining({ code: 'operator-unknown' }));
    expect(() => b.input('x', 'float32', [1])).toThrowError(expect.objectContaining({ code: 'model-invalid' }));
  });

  it('gives an output the name asked for, also an input, a constant or a value that is an output already', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const r = relu(b, x);
    b.output(x, 'same');
    b.output(r, 'y');
    b.output(r, 'again');
    b.output(b.constant(tensorOf('float32', [1], [5]), 'five'), 'five');
    b.output(add(b, r, b.value('five')), 'sum');
    const outputs = interpret(b.build(), { x: tensorOf('float32', [2], [-1, 1]) });
    const plain = Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [name, [...(data as Float32Array)]]),
    );
    expect(plain).toEqual({ same: [-1, 1], y: [0, 1], again: [0, 1], five: [5], sum: [5, 6] });
    expect(() => b.output(x, 'y')).toThrowError(expect.objectContaining({ code: 'model-invalid' }));
  });

  it('keeps constants that are outputs under their own names apart', () => {
    const b = new GraphBuilder();
    for (const value of [1, 2]) b.output(b.constant(tensorOf('float32', [1], [value]), `constant of ${value}`));
    const { 'constant of 1': one, 'constant of 2': two } = interpret(b.build(), {});
    expect([one?.data[0], two?.data[0]]).toEqual([1, 2]);
  });
});

/** y = relu(x·w), with a free batch. */
function network(): Graph {
  const b = new GraphBuilder({ name: 'network' });
  const x = b.input('x', 'float32', [1, 2]);
  b.output(relu(b, mul(b, x, b.constant(tensorOf('float32', [2], [2, -1]), 'w'))), 'y');
  const graph = b.build();
  return { ...graph, inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }] };
}

describe('inline', () => {
  it('writes a network twice under different prefixes, and looks inner values up', () => {
    const b = new GraphBuilder();
    const x = b.input('image', 'float32', [3, 2]);
    const w = b.input('weights', 'float32', [2]);
    const teacher = b.inline(network(), { x }, { prefix: 'teacher.' });
    const student = b.inline(network(), { x }, { prefix: 'student.', replace: new Map([['w', w]]) });
    b.output(teacher('y'), 'teacher');
    b.output(student('y'), 'student');
    const outputs = interpret(b.build(), {
      image: tensorOf('float32', [3, 2], [1, 1, 2, 2, 3, -3]),
      weights: tensorOf('float32', [2], [1, 1]),
    });
    expect([...(outputs.teacher!.data as Float32Array)]).toEqual([2, 0, 4, 0, 6, 3]);
    expect([...(outputs.student!.data as Float32Array)]).toEqual([1, 1, 2, 2, 3, 0]);
    expect(() => teacher('nothing')).toThrowError(expect.objectContaining({ code: 'value-unknown' }));
  });

  it('lets a node be written in another way', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 2]);
    const find = b.inline(
      network(),
      { x },
      { rewrite: (node, [first]) => (node.op === 'Relu' ? [first!] : undefined) },
    );
    b.output(find('y'), 'y');
    expect(b.build().nodes.map((node) => node.op)).toEqual(['Mul']);
  });
});

describe('an inlined node', () => {
  const inlined = (op: string, attributes = {}) => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 2]);
    const node = { op, domain: '', name: 'mine', inputs: ['x'], outputs: ['y'], attributes };
    const graph = { ...network(), nodes: [node], initializers: new Map() };
    return () => b.inline(graph, { x }, { prefix: 'inside/', wanted: ['y'] });
  };

  it('is called in errors as in the graph that it comes from', () => {
    for (const [op, code] of [
      ['Frobnicate', 'operator-unknown'],
      ['Transpose', 'attribute-invalid'],
      ['Cast', 'attribute-invalid'],
    ] as const) {
      const perm = { type: 'ints', value: [5] };
      const error = expect.objectContaining({ code, node: 'mine', message: expect.not.stringContaining('inside/') });
      expect(inlined(op, op === 'Transpose' ? { perm } : {})).toThrowError(error);
    }
  });
});

describe('bind', () => {
  it('gives free dimensions a size', () => {
    expect(bind(network(), { N: 7 }).outputs).toEqual([{ name: 'y', dtype: 'float32', shape: [7, 2] }]);
    expect(inferTypes(network(), { N: 4 }).get('y')?.shape).toEqual([4, 2]);
  });

  it('asks for a size that is missing', () => {
    expect(() => bind(network(), {})).toThrowError(expect.objectContaining({ code: 'input-unsupported' }));
  });
});

describe('what a builder is given', () => {
  it.each([
    ['an input of another type', (b: GraphBuilder) => b.input('x', 'float' as never, [1]), 'element type "float"'],
    ['an input of a negative size', (b: GraphBuilder) => b.input('x', 'float32', [-1, 3]), 'the shape [-1,3]'],
    ['an input of half a size', (b: GraphBuilder) => b.input('x', 'float32', [1.5]), 'the shape [1.5]'],
    [
      'a constant with too few values',
      (b: GraphBuilder) => b.constant({ dtype: 'float32', dims: [3], data: new Float32Array(2) }, 'x'),
      'has 2 values, where float32[3] has 3',
    ],
  ])('%s is refused by its name', (_, work, message) => {
    expect(() => work(new GraphBuilder())).toThrow(
      expect.objectContaining({ code: 'model-invalid', tensor: 'x', message: expect.stringContaining(message) }),
    );
  });

  it('an operator whose shape rule gives no type is blamed itself', () => {
    const untyped = { type: 'Untyped', infer: () => [{ dtype: 'float32' as const, shape: 3 as never }] };
    const b = new GraphBuilder({ operators: withOperators(standardOperators, [untyped]) });
    expect(() => b.op('Untyped', [b.input('x', 'float32', [1])])).toThrow(
      expect.objectContaining({ code: 'plugin-failed', op: 'Untyped', message: expect.stringContaining('no shape') }),
    );
  });
});
