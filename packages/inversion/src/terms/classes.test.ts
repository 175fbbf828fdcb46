import { interpret, Random, tensorOf } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { oneHot } from '../labels.ts';
import { centralDifferences, valueAndGradient } from '../testing/derivative.ts';
import { network } from '../testing/network.ts';
import { termOf } from '../testing/scope.ts';
import { type ClassLoss, classLoss } from './classes.ts';
import { classCount, logitsName } from './logits.ts';

const model = network();
const x = tensorOf('float32', [2, 3, 8, 8], new Random(3).normals(2 * 3 * 64));
const labels = Int32Array.of(2, 0);
const z = interpret(model.graph, { input: x }, { double: true }).logits?.data as Float64Array;
const rows = [z.subarray(0, 4), z.subarray(4, 8)];
const own = rows.map((row, i) => row[labels[i]!]!);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('classLoss', () => {
  const cases: [ClassLoss, number][] = [
    [{ kind: 'exp', scale: 0.3 }, Math.exp(-0.3 * mean(own))],
    [{ kind: 'linear' }, -mean(own)],
    [
      { kind: 'cross-entropy' },
      mean(rows.map((row, i) => Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - own[i]!)),
    ],
    [
      { kind: 'margin', margin: 7 },
      mean(rows.map((row, i) => Math.max(0, 7 - (own[i]! - Math.max(...row.filter((_, k) => k !== labels[i])))))),
    ],
  ];
  for (const [loss, expected] of cases) {
    it(`is the ${loss.kind} form`, () => {
      const write = termOf(classLoss(loss), model, { classes: tensorOf('float32', [2, 4], oneHot(labels, 4)) });
      const { value, gradient } = valueAndGradient(x, write);
      expect(value).toBeCloseTo(expected, 5);
      const elements = [3, 150, 300];
      centralDifferences(x, write, elements).forEach((slope, i) => {
        expect(gradient[elements[i]!]).toBeCloseTo(slope, 5);
      });
    });
  }
});

describe('logitsName', () => {
  it('is what enters a final Softmax', () => {
    const node = { op: 'Softmax', domain: '', name: 'softmax', inputs: ['logits'], outputs: ['p'], attributes: {} };
    const graph = { ...model.graph, nodes: [...model.graph.nodes, node] };
    expect(logitsName({ ...model, graph, output: { ...model.output, name: 'p' } })).toBe('logits');
    expect(logitsName(model)).toBe('logits');
  });
});

describe('classCount', () => {
  it('takes outputs of one number a class only', () => {
    const shaped = (shape: (number | string)[]) => classCount({ ...model, output: { ...model.output, shape } });
    expect(shaped(['N', 10])).toBe(10);
    expect(shaped(['N', 10, 1, 1])).toBe(10);
    expect(() => shaped(['N', 10, 7, 7])).toThrow(expect.objectContaining({ code: 'unsupported' }));
    expect(() => shaped(['N', 'K'])).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});
