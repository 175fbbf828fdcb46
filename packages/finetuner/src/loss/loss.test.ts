import { GraphBuilder, interpret, tensorOf, type Value } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { depthWeights, featureLosses, overStages } from './features.ts';
import { logitDivergence, relativeError } from './logits.ts';

type Loss = (b: GraphBuilder, student: Value, teacher: Value) => Value;

/** What a loss makes of numbers. */
function lossOf(loss: Loss, dims: readonly number[], student: readonly number[], teacher: readonly number[]): number {
  const b = new GraphBuilder();
  b.output(loss(b, b.input('student', 'float32', dims), b.input('teacher', 'float32', dims)), 'loss');
  const feeds = { student: tensorOf('float32', dims, student), teacher: tensorOf('float32', dims, teacher) };
  return interpret(b.build(), feeds, { double: true }).loss!.data[0] as number;
}

describe('logitDivergence', () => {
  // softmax(ln 3, 0) = (¾, ¼), the student's is (½, ½): ¾ ln 3/2 + ¼ ln 1/2.
  const first = { student: [0, 0], teacher: [Math.log(3), 0] };

  it('is the divergence of the student from the teacher', () => {
    const loss: Loss = (b, student, teacher) => logitDivergence(b, student, teacher, 1);
    expect(lossOf(loss, [1, 2], first.student, first.teacher)).toBeCloseTo(0.130812, 6);
    // Of two samples the mean; a constant on all logits of a sample changes nothing.
    const two = lossOf(loss, [2, 2], [...first.student, 5, 7], [...first.teacher, 4, 6]);
    expect(two).toBeCloseTo(0.130812 / 2, 6);
  });

  it('divides logits by the temperature, and multiplies by its square', () => {
    // softmax(ln √3, 0) = (0.633975, 0.366025).
    const loss: Loss = (b, student, teacher) => logitDivergence(b, student, teacher, 2);
    expect(lossOf(loss, [1, 2], first.student, first.teacher)).toBeCloseTo(0.145363, 6);
  });
});

describe('relativeError', () => {
  it('is the squared error over the mean square of the teacher', () => {
    // Differences −1 and 2: 5/2 over (4 + 1)/2.
    expect(lossOf(relativeError, [1, 2], [1, 3], [2, 1])).toBeCloseTo(1, 10);
    expect(lossOf(relativeError, [2, 1, 1], [0, 0], [2, 1])).toBeCloseTo(1, 10);
  });
});

describe('featureLosses', () => {
  it('smooth-l1: a parabola up to a distance of 1, a line beyond', () => {
    // Distances ½, 2, 0 and 1: (0.125 + 1.5 + 0 + 0.5) / 4.
    expect(lossOf(featureLosses['smooth-l1'], [1, 1, 4], [0.5, -2, 3, 4], [0, 0, 3, 3])).toBeCloseTo(0.53125, 10);
  });

  it('attention: compares where the squares of all channels are large, whatever their size', () => {
    // Maps (1, 2) and (1, 1), divided by √(5/2) and 1.
    const student = [1, 2, 1, 0];
    expect(lossOf(featureLosses.attention, [1, 2, 2], student, [1, 1, 1, 1])).toBeCloseTo(0.102633, 6);
    const larger = student.map((value) => 10 * value);
    expect(lossOf(featureLosses.attention, [1, 2, 2], larger, [3, 3, 3, 3])).toBeCloseTo(0.102633, 6);
    // Channels in another order have the same map.
    expect(lossOf(featureLosses.attention, [1, 2, 2], student, [1, 0, 1, 2])).toBeCloseTo(0, 10);
  });
});

describe('depthWeights', () => {
  it('grow with depth and sum to 1', () => {
    expect(depthWeights(1)).toEqual([1]);
    expect(depthWeights(3)).toEqual([1 / 6, 2 / 6, 3 / 6]);
    expect(depthWeights(7).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });
});

describe('overStages', () => {
  it('adds up losses and stages, deep ones with more weight', () => {
    // Relative errors 4 and 1 in thirds: 4/3 + 2/3. Smooth-L1 of distances 2 and 1: 1.5/3 + 2 · 0.5/3.
    const both: Loss = (b, student, teacher) =>
      overStages(
        b,
        ['mse', 'smooth-l1'],
        [
          { student: b.op('Mul', [student, b.scalar(3)]), teacher },
          { student: b.op('Mul', [student, b.scalar(2)]), teacher },
        ],
      );
    expect(lossOf(both, [1, 1, 1], [1], [1])).toBeCloseTo(2 + 2.5 / 3, 6);
  });
});
