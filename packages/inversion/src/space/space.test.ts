import { GraphBuilder, interpret, tensorOf } from '@datafree/core';
import type { InputGrid } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { network, pixels } from '../testing/network.ts';
import { assumedInput } from './assumed.ts';
import { inputOf, project, searchSpace, spreadOf, toInput, unitOf } from './space.ts';

const estimate = { mean: [1, 2], deviation: [3, 3], octaves: [], known: true };
const shape = [2, 1, 2];

describe('searchSpace', () => {
  it('stretches the grid of a channel over 0 … 1', () => {
    const grid: InputGrid = { scale: [0.5, -2], offset: [1, 0], low: -10, high: 10, whole: true };
    const space = searchSpace(network({ shape, grid }), estimate);
    expect(space).toEqual({ shape, scale: [10, -40], offset: [-4, 20], bounded: true, steps: 20 });
    expect([...inputOf(space, Float32Array.of(0, 1, 0.49, 9))]).toEqual([-4, 6, 0, -20]);
    expect([...unitOf(space, Float32Array.of(-4, 6, 0, -20))]).toEqual([0, 1, 0.5, 1]);
  });

  it('spreads four deviations around the estimated mean over 0 … 1 without a grid', () => {
    const space = searchSpace(network({ shape }), estimate);
    expect(space.bounded).toBe(false);
    expect([...inputOf(space, Float32Array.of(0.5, 0.75, 0.5, 2))]).toEqual([1, 4, 2, 20]);
  });

  it('writes the same values into a graph', () => {
    const space = searchSpace(network({ shape, grid: pixels }), estimate);
    const unit = Float32Array.of(-1, 0.3001, 0.4999, 7);
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, ...shape]);
    b.output(toInput(b, space, project(b, space, x)), 'y');
    const y = interpret(b.build(), { x: tensorOf('float32', [1, ...shape], unit) }).y?.data as Float32Array;
    inputOf(space, unit).forEach((value, i) => {
      expect(y[i]).toBeCloseTo(value, 5);
    });
  });

  it('names an axis without a size', () => {
    const model = network({ shape });
    const free = { ...model, input: { ...model.input, shape: ['N', 2, 'height', 2] } };
    expect(() => searchSpace(free, estimate)).toThrow(
      expect.objectContaining({ code: 'input-unsupported', hint: expect.stringContaining('height') }),
    );
  });
});

describe('spreadOf', () => {
  it('is the part of the range that eight deviations cover', () => {
    const grid: InputGrid = { scale: [1, -2], offset: [0], low: 0, high: 48, whole: true };
    const space = searchSpace(network({ shape, grid }), estimate);
    expect(spreadOf(space, estimate)).toBeCloseTo((24 / 48 + 24 / 96) / 2, 9);
    expect(spreadOf(space, { ...estimate, deviation: [100, 100] })).toBe(1);
    expect(spreadOf(space, { ...estimate, known: false })).toBe(1);
    expect(spreadOf(searchSpace(network({ shape }), estimate), estimate)).toBe(1);
  });
});

describe('assumedInput', () => {
  it('is the middle of the grid, or the standard normal', () => {
    const grid: InputGrid = { scale: [0.5, -2], offset: [1, 0], low: -10, high: 30, whole: true };
    expect(assumedInput(network({ shape, grid }))).toEqual({ mean: [6, -20], deviation: [5, 20] });
    expect(assumedInput(network({ shape }))).toEqual({ mean: [0, 0], deviation: [1, 1] });
  });
});
