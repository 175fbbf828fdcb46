import type { Graph, Tensor, Tensors } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { tensorOf } from '../tensor.ts';
import { fedTo, sizesOf } from './feeds.ts';
import { interpret } from './interpret.ts';

const input = { name: 'x', dtype: 'float32', shape: ['N', 3] } as const;
const right = tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]);
const of = (own: object): Tensor => ({ ...right, ...own }) as Tensor;

describe('what an input is fed', () => {
  it('is taken as it is, with any size where the graph has a name', () => {
    expect(fedTo(input, { x: right })).toBe(right);
  });

  it.each([
    ['nothing', {}, 'The input "x" was not given.'],
    ['numbers', { x: 4 as never }, 'The input "x" was given no tensor.'],
    [
      'another element type',
      { x: tensorOf('int32', [2, 3], []) },
      'The input "x" is of type int32 instead of float32.',
    ],
    ['no element type', { x: of({ dtype: 'float' }) }, 'that has the element type "float", which there is not'],
    ['another shape', { x: tensorOf('float32', [2, 4], []) }, 'The input "x" has the shape [2,4] instead of [N,3].'],
    ['another rank', { x: tensorOf('float32', [6], []) }, 'The input "x" has the shape [6] instead of [N,3].'],
    ['a shape that is none', { x: of({ dims: [-2, 3] }) }, 'the shape [-2,3], whose sizes are not all whole numbers'],
    ['too few values', { x: of({ data: new Float32Array(5) }) }, 'has 5 values, where float32[2,3] has 6'],
    ['a list', { x: of({ data: [1, 2, 3, 4, 5, 6] }) }, 'holds an Array, where float32 is kept in a Float32Array'],
    [
      'other storage',
      { x: of({ data: new Float64Array(6) }) },
      'holds a Float64Array, where float32 is kept in a Float',
    ],
  ])('is refused when it is %s, with what to do', (_, feeds: Tensors, message) => {
    expect(() => fedTo(input, feeds)).toThrow(
      expect.objectContaining({
        code: 'runtime-failed',
        tensor: 'x',
        message: expect.stringContaining(message),
        hint: expect.stringMatching(/Feed|tensorOf/),
      }),
    );
  });

  it('gives each free dimension one size', () => {
    const inputs = [input, { ...input, name: 'y', shape: ['N'] }];
    expect(sizesOf(inputs, { x: right, y: tensorOf('float32', [2], []) })).toEqual({ N: 2 });
    expect(() => sizesOf(inputs, { x: right, y: tensorOf('float32', [3], []) })).toThrow(
      'The input "y" has the shape [3] instead of [N] where N is 2.',
    );
  });
});

describe('a graph that is interpreted', () => {
  const graph: Graph = {
    name: 'negation',
    opset: { '': 21 },
    inputs: [input],
    outputs: [{ ...input, name: 'y' }],
    initializers: new Map(),
    nodes: [{ op: 'Neg', domain: '', name: 'neg', inputs: ['x'], outputs: ['y'], attributes: {} }],
    metadata: new Map(),
  };

  it('checks what it is fed', () => {
    expect(() => interpret(graph, { x: of({ data: new Float32Array(5) }) })).toThrow('has 5 values');
    expect(() => interpret(graph, {})).toThrow('"x" was not given');
  });

  it('takes doubles for floats where it computes in doubles only', () => {
    const doubles = tensorOf('float64', [1, 3], [1, 2, 3]);
    expect(interpret(graph, { x: doubles }, { double: true }).y?.data).toEqual(new Float64Array([-1, -2, -3]));
    expect(() => interpret(graph, { x: doubles })).toThrow('is of type float64 instead of float32');
  });
});
