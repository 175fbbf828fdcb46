import { ort } from '@datafree/runtime-ort';
import { describe, expect, it } from 'vitest';
import { quantizer } from '../quantizer.ts';
import { contextOf, Network, noise, samplesOf } from '../testing/network.ts';
import { distance, outputOf } from '../testing/run.ts';

const runtime = ort({ threads: 1 });
const asWritten = ort({ threads: 1, graphOptimization: 'disabled' });

/** Weights of which one output channel is a thousand times as large as the others. */
function unevenWeights(net: Network, name: string, dims: readonly number[], rows: number): string {
  const random = noise(dims);
  const each = random.data.length / rows;
  const data = random.data.map((value, i) => (i < each ? value : value / 1000));
  return net.constant(name, { ...random, data });
}

describe.each(['with', 'without'] as const)('a layer that is excluded, %s a bias', (has) => {
  it.each([
    ['Conv', [6, 4, 1, 1], 6, {}],
    ['Conv', [4, 1, 3, 3], 4, { group: 4, pads: [1, 1, 1, 1] }],
    ['ConvTranspose', [4, 3, 1, 1], 4, { group: 2 }],
  ] as const)('runs in floating point beside quantised ones: %s of %j', async (op, dims, rows, attributes) => {
    const net = new Network([3, 8, 8]);
    net.conv('x', [3, 4], 'before');
    net.op('Relu', ['before'], 'relu');
    const weight = unevenWeights(net, 'own.weight', dims, rows);
    const outputs = op === 'ConvTranspose' ? dims[1] * 2 : dims[0];
    const bias = has === 'with' ? [net.weights('own.bias', [outputs])] : [];
    net.op(op, ['relu', weight, ...bias], 'own', attributes);
    net.conv('own', [outputs, 4], 'after');
    const model = net.model({ after: ['N', 4, 8, 8] });
    const x = noise([16, 3, 8, 8]);
    const { graph, fusion } = await quantizer({ exclude: ['own'] }).quantize(model, samplesOf(x), contextOf(runtime));
    const run = (on: typeof runtime) => outputOf(on, graph, model, x, 'own.float');
    expect(distance(await run(runtime), await run(asWritten))).toBeLessThan(1e-5);
    expect(fusion?.layers.find(({ node }) => node === 'own')).toMatchObject({ kernel: 'float' });
  });
});
