import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { interpret } from '../graph/interpret.ts';
import type { Value } from '../graph/operator.ts';
import { withOperators } from '../graph/operator.ts';
import { relu } from '../ops/activation/relu.ts';
import { add } from '../ops/elementwise/add.ts';
import { mapBroadcast } from '../ops/elementwise/broadcast.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { standardOperators } from '../ops/index.ts';
import { reduceSum } from '../ops/reduction/reduceSum.ts';
import { tensorOf } from '../tensor.ts';
import { differentiate } from './differentiate.ts';

const vector = tensorOf('float32', [3], [1, -2, 3]);

function gradientAt(loss: (b: GraphBuilder, x: Value) => Value, operators = standardOperators): number[] {
  const b = new GraphBuilder({ operators });
  const x = b.input('x', 'float32', [3]);
  const [dx] = differentiate(b, loss(b, x), [x]);
  b.output(dx!, 'dx');
  return [...(interpret(b.build(), { x: vector }, { operators }).dx!.data as Float32Array)];
}

describe('differentiate', () => {
  it('adds up what comes back along several paths', () => {
    expect(gradientAt((b, x) => reduceSum(b, add(b, mul(b, x, x), relu(b, x))))).toEqual([3, -4, 7]);
  });

  it('gives zero for what the loss does not depend on', () => {
    expect(gradientAt((b) => reduceSum(b, b.constant(vector)))).toEqual([0, 0, 0]);
  });

  it('writes nothing for what is not asked for', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [3]);
    const w = b.input('w', 'float32', [3]);
    const loss = reduceSum(b, mul(b, x, w));
    const before = b.applications.length;
    const [dx] = differentiate(b, loss, [x]);
    const written = b.applications.slice(before).map(({ node }) => node.op);
    expect(written).not.toContain('ReduceSum');
    expect(dx?.shape).toEqual([3]);
    expect(written.filter((op) => op === 'Mul').length).toBeLessThanOrEqual(1);
  });

  it('follows a derivative that is set by hand', () => {
    const loss = (b: GraphBuilder, x: Value) => {
      const rounded = b.setGradient(b.op('Sign', [x]), { inputs: [x], gradient: (dy) => [dy] });
      return reduceSum(b, mul(b, rounded, b.constant(vector)));
    };
    expect(gradientAt(loss)).toEqual([1, -2, 3]);
  });

  it('keeps a derivative set by hand to the value that it was set on', () => {
    const straight = (b: GraphBuilder, x: Value) => {
      b.setGradient(b.op('Floor', [x]), { inputs: [x], gradient: (dy) => [dy] });
      return reduceSum(b, b.op('Floor', [x]));
    };
    expect(gradientAt(straight)).toEqual([0, 0, 0]);
  });

  it.each([0, 1])('sets a derivative by hand on output %i of several', (which) => {
    const loss = (b: GraphBuilder, x: Value) => {
      const parts = b.apply('Split', [x, b.int64([1, 2])], { outputs: 2 });
      const own = b.setGradient(parts[which]!, { inputs: [x], gradient: () => [b.constant(vector)] });
      return add(b, reduceSum(b, own), reduceSum(b, parts[1 - which]!));
    };
    const other = which === 0 ? [0, 1, 1] : [1, 0, 0];
    expect(gradientAt(loss)).toEqual([1, -2, 3].map((value, i) => value + other[i]!));
  });

  it('refuses constants, which are folded, and what is no list', () => {
    const b = new GraphBuilder();
    const w = b.constant(vector, 'w');
    const loss = reduceSum(b, mul(b, w, b.input('x', 'float32', [3])));
    expect(() => differentiate(b, loss, [w])).toThrowError(
      expect.objectContaining({ code: 'unsupported', tensor: 'w', hint: expect.stringContaining('input') }),
    );
    expect(() => differentiate(b, loss, w as never)).toThrowError(expect.objectContaining({ code: 'value-unknown' }));
  });

  it('takes an operator from outside', () => {
    const cube = {
      type: 'Cube',
      domain: 'example',
      infer: ({ inputs }: { inputs: readonly (object | undefined)[] }) => [inputs[0] as Value],
      gradient: (
        { builder, inputs }: { builder: GraphBuilder; inputs: readonly (Value | undefined)[] },
        [dy]: readonly (Value | undefined)[],
      ) => [mul(builder, dy!, mul(builder, builder.scalar(3), mul(builder, inputs[0]!, inputs[0]!)))],
      evaluate: ({ inputs }: { inputs: readonly (Parameters<typeof mapBroadcast>[0][number] | undefined)[] }) => [
        mapBroadcast([inputs[0]!], (x) => x ** 3),
      ],
    };
    const operators = withOperators(standardOperators, [cube]);
    expect(gradientAt((b, x) => reduceSum(b, b.op('Cube', [x], {}, 'example')), operators)).toEqual([3, 12, 27]);
  });

  it('names the node that has no derivative, with its shapes', () => {
    const operators = withOperators(standardOperators, [{ type: 'Blob', infer: ({ inputs }) => [inputs[0]!] }]);
    const code = expect.objectContaining({ code: 'operator-no-gradient', op: 'Blob' });
    expect(() => gradientAt((b, x) => reduceSum(b, b.op('Blob', [x])), operators)).toThrowError(code);
  });

  it('calls an inlined node as its own graph does', () => {
    const operators = withOperators(standardOperators, [{ type: 'Blob', infer: ({ inputs }) => [inputs[0]!] }]);
    const inner = new GraphBuilder({ operators });
    const [y] = inner.apply('Blob', [inner.input('x', 'float32', [3])], { name: 'mine' });
    inner.output(y!, 'y');
    const loss = (b: GraphBuilder, x: Value) =>
      reduceSum(b, b.inline(inner.build(), { x }, { prefix: 'inside/' })('y'));
    const error = expect.objectContaining({ node: 'mine', message: expect.not.stringContaining('inside/') });
    expect(() => gradientAt(loss, operators)).toThrowError(error);
  });

  it('tells the name of an inlined node whose rule refuses', () => {
    const inner = new GraphBuilder();
    const y = inner.input('x', 'float32', [3]);
    const scatter = [y, inner.int64([0]), inner.constant(tensorOf('float32', [1], [2]))];
    const attributes = { reduction: { type: 'string', value: 'mul' } } as const;
    inner.output(inner.apply('ScatterElements', scatter, { name: 'mine', attributes })[0]!, 'y');
    const loss = (b: GraphBuilder, x: Value) =>
      reduceSum(b, b.inline(inner.build(), { x }, { prefix: 'inside/' })('y'));
    const error = { code: 'operator-no-gradient', node: 'mine', message: expect.not.stringContaining('inside/') };
    expect(() => gradientAt(loss)).toThrowError(expect.objectContaining(error));
  });

  it('asks for a scalar', () => {
    expect(() => gradientAt((b, x) => relu(b, x))).toThrowError(expect.objectContaining({ code: 'shape-mismatch' }));
  });
});
