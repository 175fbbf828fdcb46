import { classDivergence, elementCount, logitsName } from '@datafree/core';
import { type Context, firstOf, type Graph, type Model, type SampleSet } from '@datafree/plugin';
import { observe } from '../calibration/observe.ts';
import type { Candidate } from './candidates.ts';
import { type Rounding, type RoundingParts, roundedNetwork, roundingsOf } from './rounded.ts';

/** Samples that sensitivities are measured on at most. */
const mostSamples = 128;

/** What sensitivities are measured with. */
export interface SensitivityParts extends RoundingParts {
  readonly model: Model;
  readonly samples: SampleSet;
}

/**
 * How far the outputs go away from the network's when one layer alone is rounded, weight, bias and the activation that
 * enters it: mean Kullback–Leibler divergence of the classes (Cai et al. 2020, "ZeroQ"), or the squared error over the
 * mean square where outputs are not classes. Where the activation has bits to choose too, it is rounded without the
 * weight, and what both do is taken to add up.
 *
 * @returns a row for each candidate, a value for each of its choices
 */
export async function sensitivities(
  candidates: readonly Candidate[],
  parts: SensitivityParts,
  context: Context,
): Promise<number[][]> {
  const { graph } = parts.topology;
  const exact = await outputsOf(graph, parts, context);
  const roundings = candidates.map((own) => distinct(own.choices.flatMap((bits) => roundingsOf(own, bits))));
  const total = roundings.reduce((count, own) => count + own.size, 0);
  let done = 0;
  const rows: number[][] = [];
  for (const [i, candidate] of candidates.entries()) {
    const measured = new Map<string, number>();
    for (const [key, rounding] of roundings[i] as ReadonlyMap<string, Rounding>) {
      const own = await outputsOf(roundedNetwork(candidate, rounding, parts), parts, context);
      measured.set(key, exact.classes ? divergence(exact, own) : relativeError(exact, own));
      context.onProgress({ stage: 'sensitivity', unit: 'roundings', done: ++done, total });
    }
    const lossOf = (rounding: Rounding): number => measured.get(keyOf(rounding)) as number;
    rows.push(candidate.choices.map((bits) => roundingsOf(candidate, bits).reduce((sum, own) => sum + lossOf(own), 0)));
  }
  return rows;
}

function distinct(roundings: readonly Rounding[]): ReadonlyMap<string, Rounding> {
  return new Map(roundings.map((rounding) => [keyOf(rounding), rounding]));
}

function keyOf({ weights, activations }: Rounding): string {
  return JSON.stringify([weights, ...activations]);
}

interface Outputs {
  readonly values: Float32Array;
  /** Length of a row of one sample. */
  readonly width: number;
  /** The rows are logits of classes. */
  readonly classes: boolean;
}

async function outputsOf(
  graph: Graph,
  { topology, model, samples }: SensitivityParts,
  context: Context,
): Promise<Outputs> {
  const name = logitsName(topology.graph, model.output.name);
  const rows: Float32Array[] = [];
  let shape: readonly number[] = [];
  const quiet = { ...context, onProgress() {} };
  const observation = {
    graph,
    model,
    samples: firstOf(samples, mostSamples),
    tensors: [name],
    batch: undefined,
    stage: '',
  };
  await observe(observation, quiet, (valuesOf) => {
    const { data, dims } = valuesOf(name);
    rows.push(data.slice());
    shape = dims.slice(1);
  });
  const values = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const row of rows) {
    values.set(row, at);
    at += row.length;
  }
  return { values, width: elementCount(shape), classes: shape.length === 1 && (shape[0] as number) > 1 };
}

function divergence({ values: exact, width }: Outputs, { values: own }: Outputs): number {
  return Math.max(0, (classDivergence(exact, own, width) * width) / exact.length);
}

function relativeError({ values: exact }: Outputs, { values: own }: Outputs): number {
  let [error, size] = [0, 1e-12];
  exact.forEach((value, i) => {
    error += (value - (own[i] as number)) ** 2;
    size += value * value;
  });
  return error / size;
}
