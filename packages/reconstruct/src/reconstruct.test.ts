import { numbersOf } from '@datafree/core';
import type { Checkpoint, Graph, Logger, ProgressEvent, Quantized } from '@datafree/plugin';
import { silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { findQuantisers, masterWeight } from '@datafree/student';
import { describe, expect, it } from 'vitest';
import { findBlocks } from './blocks/blocks.ts';
import type { ReconstructOptions } from './options.ts';
import { reconstruct } from './reconstruct.ts';
import { context, distance, images, quantize, residualNetwork } from './testing/residual.ts';

const quick: ReconstructOptions = { steps: 400, batch: 32 };
const model = residualNetwork();
const samples = images(256);
const heldOut = images(128, 77);

function memory(): Checkpoint & { readonly entries: Map<string, Uint8Array> } {
  const entries = new Map<string, Uint8Array>();
  return {
    entries,
    read: async (key) => entries.get(key),
    write: async (key, value) => {
      entries.set(key, value);
    },
  };
}

/** Squared distance of all outputs of a sample, averaged over the samples. */
async function squared(one: Graph, other: Graph): Promise<number> {
  return 5 * (await distance('logits', one, other, samples));
}

function initializers({ graph }: Quantized) {
  return [...graph.initializers].map(([name, { data }]) => [name, data] as const);
}

describe('reconstruct', () => {
  const start = quantize(model, 3);
  const done = start.then((quantized) => reconstruct(quick).fineTune(model, quantized, samples, context()));

  it('comes closer to the network on samples that it has not seen, block by block and at the end', async () => {
    const [before, after] = [await start, await done];
    for (const { exit } of findBlocks(model, before.graph, 8)) {
      const [was, is] = [
        await distance(exit, model.graph, before.graph, heldOut),
        await distance(exit, model.graph, after.graph, heldOut),
      ];
      expect(is).toBeLessThan(0.8 * was);
    }
  });

  it('rounds weights to codes of their grid, some otherwise than to nearest, and leaves the nodes', async () => {
    const [before, after] = [(await start).graph, (await done).graph];
    expect(after.nodes).toEqual(before.nodes);
    let [changed, beside, all] = [0, 0, 0];
    for (const weight of findQuantisers(before).weights) {
      const master = masterWeight(before, model.graph, weight);
      const [nearest, codes] = [before, after].map((graph) => numbersOf(graph.initializers.get(weight.codes)!)) as [
        ArrayLike<number>,
        ArrayLike<number>,
      ];
      const [first, scales] = [before, after].map((graph) =>
        Array.from(numbersOf(graph.initializers.get(weight.scale)!)),
      );
      scales!.forEach((scale, channel) => {
        expect(Math.abs(Math.log(scale / first![channel]!))).toBeLessThan(Math.log(2));
      });
      for (let i = 0; i < codes.length; i++) {
        const position = master.data[i]! / scales![Math.floor(i / (codes.length / scales!.length))]!;
        const inGrid = Math.min(weight.high, Math.max(weight.low, position));
        expect(codes[i]).toBeGreaterThanOrEqual(weight.low);
        expect(codes[i]).toBeLessThanOrEqual(weight.high);
        if (Math.abs(codes[i]! - inGrid) <= 1) beside++;
        all++;
        if (codes[i] !== nearest[i]) changed++;
      }
    }
    // A weight goes past the codes beside it only where it makes up for others.
    expect(beside / all).toBeGreaterThan(0.85);
    expect(changed / all).toBeGreaterThan(0.05);
    expect(changed / all).toBeLessThan(0.5);
  });

  it('leaves steps of activations where they are not asked to learn', async () => {
    const quantized = await start;
    const scales = ({ graph }: Quantized) =>
      findQuantisers(graph).activations.map(({ scale }) => numbersOf(graph.initializers.get(scale)!)[0]);
    expect(scales(await done)).not.toEqual(scales(quantized));
    const options = { ...quick, steps: 20, learnSteps: false };
    const tuned = await reconstruct(options).fineTune(model, quantized, samples, context());
    expect(scales(tuned)).toEqual(scales(quantized));
  });

  it('keeps what a block had where learning makes it worse', async () => {
    const quantized = await start;
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, info: (line) => lines.push(line) };
    const options = { ...quick, steps: 3, learningRate: 1e-9, stepRate: 3, drop: 0 };
    const tuned = await reconstruct(options).fineTune(model, quantized, samples, context({ logger }));
    expect(lines).toHaveLength(4);
    const errors = lines.map((line) => /error (\S+), (\S+) solved, (\S+) learned/.exec(line)!.slice(1).map(Number));
    const worse = errors.filter(([was, solved, learned]) => learned! >= Math.min(was!, solved!));
    expect(worse.length).toBeGreaterThan(0);
    // The next block begins at what the best of the three gave: the last one's error is the network's.
    const least = Math.min(...errors.at(-1)!);
    expect(await squared(model.graph, tuned.graph)).toBeCloseTo(least, 3);
    const error = async ({ graph }: Quantized) => distance('logits', model.graph, graph, samples);
    expect(await error(tuned)).toBeLessThanOrEqual((1 + 1e-6) * (await error(quantized)));
  });

  it('gives the same bytes for a seed, also after an interruption, and others for another', async () => {
    const quantized = await start;
    const plugin = reconstruct({ ...quick, steps: 100 });
    const run = async (own: Parameters<typeof context>[0]) =>
      initializers(await plugin.fineTune(model, quantized, samples, context(own)));
    const whole = await run({});
    expect(await run({})).toEqual(whole);
    expect(await run({ seed: 2 })).not.toEqual(whole);

    const checkpoint = memory();
    const stop = new AbortController();
    const onProgress = ({ done: steps }: ProgressEvent) => {
      if (steps === 250) stop.abort();
    };
    const interrupted = run({ checkpoint, signal: stop.signal, onProgress });
    await expect(interrupted).rejects.toMatchObject({ code: 'aborted' });
    expect(checkpoint.entries.size).toBe(1);
    const seen: ProgressEvent[] = [];
    expect(await run({ checkpoint, onProgress: (event) => seen.push(event) })).toEqual(whole);
    expect(seen[0]).toMatchObject({ stage: 'fine-tuning', unit: 'steps', done: 201, total: 400 });
    expect(seen.at(-1)).toMatchObject({ done: 400 });

    const other = reconstruct({ ...quick, steps: 100, learnSteps: false });
    await expect(other.fineTune(model, quantized, samples, context({ checkpoint }))).rejects.toMatchObject({
      code: 'resume-mismatch',
    });
  });

  it('refuses what equalization will rescale, before anything is done', () => {
    const { check } = reconstruct(quick);
    const refused = expect.objectContaining({ code: 'unsupported', path: 'equalization' });
    expect(() => check?.(model, quantizer({ equalization: true }))).toThrow(refused);
    expect(() => check?.(model, quantizer())).not.toThrow();
    expect(() => check?.(model)).not.toThrow();
  });

  it('refuses what it cannot reconstruct', async () => {
    const quantized = await start;
    const tune = (from: Quantized, on = samples) => reconstruct(quick).fineTune(model, from, on, context());
    await expect(tune(quantized, { ...samples, shape: [3, 4, 4] })).rejects.toMatchObject({ code: 'data-shape' });
    await expect(tune({ ...quantized, graph: model.graph })).rejects.toMatchObject({ code: 'unsupported' });
    expect(() => reconstruct({ stps: 3 } as object)).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'stps' }),
    );
  });
});
