import { int64Of } from '@datafree/core';
import { decodeModel, encodeModel } from '@datafree/onnx';
import type { FusionReport, LayerFusion } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { describe, expect, it } from 'vitest';
import type { QuantizerOptions } from '../options.ts';
import { quantizer } from '../quantizer.ts';
import { contextOf, Network, noise, samplesOf } from '../testing/network.ts';
import { fusionReport } from './report.ts';

const runtime = ort({ threads: 1 });

async function reportOf(
  net: Network,
  output: string,
  shape: readonly (number | string)[],
  exclude: string[] = [],
): Promise<FusionReport> {
  const samples = samplesOf(noise([8, 3, 8, 8]));
  const { fusion } = await quantizer({ exclude }).quantize(net.model({ [output]: shape }), samples, contextOf(runtime));
  return fusion!;
}

/** The channels from one to another. */
function channels(net: Network, x: string, from: number, to: number, output: string): string {
  const at = (name: string, value: number) => net.constant(`${output}.${name}`, int64Of([value]));
  return net.op('Slice', [x, at('from', from), at('to', to), at('axis', 1)], output);
}

/** A unit of a ShuffleNet v2: half of the channels pass, then channels are exchanged. */
function shuffled(net: Network, x: string, name: string): string {
  const passed = channels(net, x, 0, 4, `${name}.passed`);
  const used = net.conv(channels(net, x, 4, 8, `${name}.used`), [4, 4], `${name}.conv`);
  const both = net.op('Concat', [passed, net.op('Relu', [used], `${name}.relu`)], `${name}.both`, { axis: 1 });
  const shape = (parts: string, sizes: number[]) => net.constant(`${name}.${parts}`, int64Of(sizes));
  const apart = net.op('Reshape', [both, shape('groups', [0, 2, 4, 8, 8])], `${name}.apart`);
  const turned = net.op('Transpose', [apart], `${name}.turned`, { perm: [0, 2, 1, 3, 4] });
  return net.op('Reshape', [turned, shape('channels', [0, 8, 8, 8])], `${name}.out`);
}

const counts = ({ layers }: FusionReport) =>
  Object.fromEntries(
    [...new Set(layers.map(({ op }) => op))].map((op) => [op, layers.filter((l) => l.op === op).length]),
  );

describe('the fusion report', () => {
  it('counts what moves codes in a shuffling network', async () => {
    const net = new Network([3, 8, 8]);
    const x = shuffled(net, shuffled(net, net.conv('x', [3, 8], 'stem'), 'a'), 'b');
    net.gemm(net.op('Flatten', [net.op('GlobalAveragePool', [x], 'pool')], 'flat'), [8, 5], 'logits');
    const report = await reportOf(net, 'logits', ['N', 5]);
    expect(report.float).toBe(0);
    expect(report.layers.map(({ runsAs }) => runsAs)).not.toContain('nothing');
    const { Slice: slices, ...others } = counts(report);
    expect(others).toEqual({ Conv: 3, Concat: 2, Transpose: 2, GlobalAveragePool: 1, Gemm: 1 });
    // The runtime makes one split of the two slices of a unit.
    expect(slices).toBeGreaterThanOrEqual(2);
  });

  it('leaves out what moves inputs and outputs, but not what computes there', async () => {
    const net = new Network([3, 8, 8]);
    const parts = [channels(net, 'x', 0, 1, 'first'), channels(net, 'x', 1, 3, 'rest')];
    const y = net.conv(net.op('Concat', parts, 'swapped', { axis: 1 }), [3, 8], 'stem');
    const z = net.conv(net.op('Relu', [y], 'relu'), [8, 8], 'last');
    const gate = net.op('Sigmoid', [channels(net, z, 4, 8, 'high')], 'gate');
    net.op('Concat', [channels(net, z, 0, 4, 'low'), gate], 'out', { axis: 1 });
    const report = await reportOf(net, 'out', ['N', 8, 8, 8]);
    expect(counts(report)).toEqual({ Conv: 2, Sigmoid: 1 });
    expect([report.integer, report.float]).toEqual([2, 1]);
  });

  it('tells floats that are moved between layers', async () => {
    const net = new Network([3, 8, 8]);
    const x = shuffled(net, net.conv('x', [3, 8], 'stem'), 'a');
    net.conv(x, [8, 4], 'last');
    const report = await reportOf(
      net,
      'last',
      ['N', 4, 8, 8],
      ['stem', 'a.conv', 'last', 'a.passed', 'a.used', 'a.both', 'a.turned'],
    );
    const moved = report.layers.filter(({ op }) => op !== 'Conv');
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every(({ kernel, runsAs, reason }) => kernel === 'float' && runsAs !== 'nothing' && reason)).toBe(
      true,
    );
  });

  it('reads the same from a file, but for what was asked for', async () => {
    const net = new Network([3, 8, 8]);
    const x = shuffled(net, net.conv('x', [3, 8], 'stem'), 'a');
    const padded = net.op('Pad', [x, net.constant('pads', int64Of([0, 0, 1, 1, 0, 0, 1, 1]))], 'padded');
    const left = net.op('Relu', [net.conv(padded, [8, 8], 'left')], 'left_relu');
    const gate = net.op('Sigmoid', [net.conv(padded, [8, 8], 'right')], 'gate');
    const pooled = net.op('GlobalAveragePool', [net.op('Mul', [left, gate], 'gated')], 'pool');
    net.gemm(net.op('Flatten', [net.op('Exp', [pooled], 'exp')], 'flat'), [8, 5], 'logits');
    const model = net.model({ logits: ['N', 5] });
    const samples = samplesOf(noise([8, 3, 8, 8]));
    const reports = async (options: QuantizerOptions): Promise<[of: LayerFusion[], read: LayerFusion[]]> => {
      const { graph, fusion } = await quantizer(options).quantize(model, samples, contextOf(runtime));
      const read = await fusionReport(decodeModel(encodeModel(graph)), runtime);
      return [[...fusion!.layers], [...read!.layers]];
    };
    const reasonOf = (layers: readonly LayerFusion[], name: string) => layers.find(({ node }) => node === name)!.reason;

    const [own, read] = await reports({});
    expect(read).toEqual(own);
    expect(reasonOf(read, 'left')).toBeUndefined();
    expect(reasonOf(read, 'exp')).toBe('the runtime has no integer kernel for Exp');
    const [ownPacked, readPacked] = await reports({ weights: 4, container: 'uint4' });
    expect(readPacked).toEqual(ownPacked);
    expect(reasonOf(readPacked, 'left')).toBe('its weights, stored in 4 bits, are unpacked to float at each run');
    const [ownExcluded, readExcluded] = await reports({ exclude: ['left'] });
    expect(reasonOf(ownExcluded, 'left')).toBe('excluded by the options');
    expect(reasonOf(readExcluded, 'left')).toBe('its weights are stored in float');
    const others = (layers: readonly LayerFusion[]) => layers.filter(({ node }) => node !== 'left');
    expect(others(readExcluded)).toEqual(others(ownExcluded));
  });

  it('is none where the runtime does not tell', async () => {
    const { optimized: _, ...silent } = runtime;
    const net = new Network([3, 8, 8]);
    net.conv('x', [3, 4], 'out');
    expect(await fusionReport(net.graph({ out: ['N', 4, 8, 8] }), silent)).toBeUndefined();
  });
});
