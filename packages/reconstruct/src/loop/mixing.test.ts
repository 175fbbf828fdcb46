import { Random } from '@datafree/core';
import { expect, it } from 'vitest';
import { mixElements } from './mixing.ts';

const some = new Float32Array(40_001).fill(1);
const others = new Float32Array(40_001).fill(0);

it.each([0, 0.25, 0.5, 1])('takes a part of %f from the first', (part) => {
  const into = new Float32Array(some.length).fill(7);
  mixElements(into, some, others, part, new Random(3));
  const mean = into.reduce((sum, value) => sum + value, 0) / into.length;
  expect(Math.abs(mean - part)).toBeLessThan(part % 1 === 0 ? 1e-9 : 0.01);
});

it('decides for each element alone', () => {
  const into = new Float32Array(some.length);
  mixElements(into, some, others, 0.5, new Random(3));
  for (const lag of [1, 2, 3, 4, 8]) {
    let equal = 0;
    for (let i = lag; i < into.length; i++) equal += into[i] === into[i - lag] ? 1 : 0;
    expect(equal / into.length).toBeCloseTo(0.5, 1);
  }
});
