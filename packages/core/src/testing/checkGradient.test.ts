import { describe, expect, it } from 'vitest';
import { type Operator, withOperators } from '../graph/operator.ts';
import { mapBroadcast } from '../ops/elementwise/broadcast.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { standardOperators } from '../ops/index.ts';
import { checkGradient } from './checkGradient.ts';
import { distinctTensor, uniformTensor } from './values.ts';

/** x³ with the derivative `factor · x²`. */
const cube = (factor: number): Operator => ({
  type: 'Cube',
  infer: ({ inputs }) => [inputs[0]!],
  gradient: ({ builder: b, inputs: [x] }, [dy]) => [mul(b, mul(b, dy!, b.scalar(factor)), mul(b, x!, x!))],
  evaluate: ({ inputs }) => [mapBroadcast([inputs[0]!], (x) => x ** 3)],
});

describe('checkGradient', () => {
  const check = (factor: number) =>
    checkGradient({
      inputs: [uniformTensor([3, 20])],
      build: (b, [x]) => b.op('Cube', [x]),
      operators: withOperators(standardOperators, [cube(factor)]),
    });

  it('accepts a right derivative', () => {
    expect(check(3).graph.outputs.map((output) => output.name)).toEqual(['loss', 'gradient0']);
  });

  it('refuses a derivative that is off by 0.1 %', () => {
    expect(() => check(3.003)).toThrow(/input0 \[3,20\] at element 0/);
  });

  it('refuses a zero derivative', () => {
    expect(() => check(0)).toThrow('central difference');
  });
});

describe('distinctTensor', () => {
  it('keeps all values apart and away from 0', () => {
    const values = [...distinctTensor([5, 5], 3, 0.1).data, 0].sort((x, y) => x - y);
    for (let i = 1; i < values.length; i++) expect(values[i]! - values[i - 1]!).toBeGreaterThan(0.0499);
  });
});
