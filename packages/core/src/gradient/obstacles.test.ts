import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/operator.ts';
import { withOperators } from '../graph/operator.ts';
import { cast } from '../ops/elementwise/cast.ts';
import { greater } from '../ops/elementwise/comparison.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { where } from '../ops/elementwise/where.ts';
import { standardOperators } from '../ops/index.ts';
import { reduceSum } from '../ops/reduction/reduceSum.ts';
import { gradientObstacles, requireGradient } from './obstacles.ts';

const operators = withOperators(standardOperators, [{ type: 'Blob', infer: ({ inputs }) => [inputs[0]!] }]);

function obstacles(write: (b: GraphBuilder, x: Value) => Value): string[] {
  const b = new GraphBuilder({ operators });
  const x = b.input('x', 'float32', [3]);
  return gradientObstacles(b, reduceSum(b, write(b, x)), [x]).map(({ op }) => op);
}

describe('gradientObstacles', () => {
  it('finds what turns every way into whole numbers', () => {
    expect(obstacles((b, x) => cast(b, b.op('IsNaN', [x]), 'float32'))).toEqual(['IsNaN']);
    expect(obstacles((b, x) => where(b, greater(b, mul(b, x, 2), 0), 1, 0))).toEqual(['Greater']);
  });

  it('lets masks be that stand beside a way with a derivative', () => {
    expect(obstacles((b, x) => mul(b, x, cast(b, greater(b, x, 0), 'float32')))).toEqual([]);
    expect(obstacles((b, x) => where(b, b.op('IsNaN', [x]), 0, x))).toEqual([]);
  });

  it('finds operators without derivative, and not those of other ways', () => {
    expect(obstacles((b, x) => mul(b, b.op('Blob', [x]), x))).toEqual(['Blob']);
    expect(
      obstacles((b, x) => {
        b.op('Blob', [x]);
        return mul(b, x, b.op('Blob', [b.input('other', 'float32', [3])]));
      }),
    ).toEqual([]);
  });

  it('has nothing against what does not depend on the values', () => {
    expect(obstacles((b) => b.scalar(1))).toEqual([]);
  });

  it('names nodes as the network does, also in the error', () => {
    const inner = new GraphBuilder({ operators });
    const y = inner.apply('IsNaN', [inner.input('x', 'float32', [3])], { name: 'my_mask' });
    inner.output(cast(inner, y[0]!, 'float32'), 'y');
    const b = new GraphBuilder({ operators });
    const x = b.input('x', 'float32', [3]);
    const find = b.inline(inner.build(), { x }, { prefix: 'inside/' });
    expect(() => requireGradient(b, reduceSum(b, find('y')), [x])).toThrowError(
      expect.objectContaining({ code: 'operator-no-gradient', node: 'my_mask', op: 'IsNaN' }),
    );
  });
});
