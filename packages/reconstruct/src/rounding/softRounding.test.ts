import { GraphBuilder, interpret, numbersOf, Random, tensorOf } from '@datafree/core';
import { decodedWeight, findQuantisers, masterWeight } from '@datafree/student';
import { describe, expect, it } from 'vitest';
import { quantize, residualNetwork } from '../testing/residual.ts';
import { hardWeight, rectifiedSigmoid, roundingGrid, softWeight, startOf } from './softRounding.ts';

describe.each([{ symmetric: true }, { symmetric: false }])('rounding with %o', (own) => {
  const model = residualNetwork();
  const prepared = quantize(model, 3, own).then(({ graph }) => {
    const weight = findQuantisers(graph).weights.find(({ node }) => node.outputs[0] === 'one.first.weight')!;
    const first = masterWeight(graph, model.graph, weight);
    return { graph, weight, first, grid: roundingGrid(graph, weight, first) };
  });

  it('starts between the weight and its code, most of the way gone', async () => {
    const { graph, weight, first, grid } = await prepared;
    const codes = decodedWeight(graph, weight).data;
    const b = new GraphBuilder();
    const variables = b.input('variables', 'float32', grid.dims);
    b.output(softWeight(b, grid, rectifiedSigmoid(b, variables)), 'weight');
    const { weight: soft } = interpret(b.build(), { variables: startOf(grid) });
    const [values, exact] = [numbersOf(soft!), numbersOf(first)];
    let kept = 0;
    for (let i = 0; i < exact.length; i++) {
      const low = grid.floors[i]! * grid.sizes[i]!;
      expect(values[i]).toBeGreaterThanOrEqual(low - 1e-6);
      expect(values[i]).toBeLessThanOrEqual(low + grid.sizes[i]! + 1e-6);
      const inside = exact[i]! >= low && exact[i]! <= low + grid.sizes[i]!;
      if (!inside) continue;
      kept++;
      expect(values[i]).toBeCloseTo(0.2 * exact[i]! + 0.8 * codes[i]!, 5);
    }
    expect(kept).toBeGreaterThan(0.8 * exact.length);
  });

  it('starts nearer to its code than to any other, wherever that was rounded to', async () => {
    const { graph, weight, first } = await prepared;
    const random = new Random(8);
    const { dtype, dims } = graph.initializers.get(weight.codes)!;
    const codes = Array.from(first.data, () => weight.low + random.integer(weight.high - weight.low + 1));
    const moved = {
      ...graph,
      initializers: new Map([...graph.initializers, [weight.codes, tensorOf(dtype, dims, codes)]]),
    };
    const grid = roundingGrid(moved, weight, first);
    const hard = hardWeight(grid, startOf(grid));
    decodedWeight(moved, weight).data.forEach((value, i) => {
      expect(hard.data[i]).toBeCloseTo(value, 6);
    });
  });

  it('ends at one of the two codes beside the weight, both in the grid', async () => {
    const { graph, weight, first, grid } = await prepared;
    const zeros = numbersOf(graph.initializers.get(weight.zeroPoint ?? '') ?? tensorOf('float32', [], [0]));
    const variables = tensorOf('float32', grid.dims, new Random(4).normals(first.data.length, 0, 3));
    const hard = hardWeight(grid, variables);
    const ups = new Set<number>();
    hard.data.forEach((value, i) => {
      const code = Math.round(value / grid.sizes[i]!);
      const up = code - grid.floors[i]!;
      ups.add(up);
      expect(value).toBeCloseTo(code * grid.sizes[i]!, 5);
      expect(up).toBe(variables.data[i]! >= 0 ? 1 : 0);
      const zero = zeros[Math.floor(i / (first.data.length / zeros.length))] ?? 0;
      expect(code + zero).toBeGreaterThanOrEqual(weight.low);
      expect(code + zero).toBeLessThanOrEqual(weight.high);
      const position = first.data[i]! / grid.sizes[i]!;
      if (position > weight.low - zero && position < weight.high - zero) {
        expect([Math.floor(position), Math.ceil(position)]).toContain(code);
      }
    });
    expect(ups).toEqual(new Set([0, 1]));
  });
});
