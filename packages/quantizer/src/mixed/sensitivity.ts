import { elementCount, logitsName, tensorOf } from '@datafree/core';
import type { Context, Graph, Model, SampleSet, Tensor } from '@datafree/plugin';
import { observe } from '../calibration/observe.ts';
import { quantizeWeights, type WeightGridOptions } from '../grid/weights.ts';
import { weightAxis } from '../plan/operators.ts';
import type { Candidate } from './candidates.ts';

/** Samples that sensitivities are measured on at most. */
const mostSamples = 128;

/** What sensitivities are measured with. */
export interface SensitivityOptions {
  readonly graph: Graph;
  readonly model: Model;
  readonly samples: SampleSet;
  readonly candidates: readonly Candidate[];
  /** Numbers of bits that are tried on each. */
  readonly widths: readonly number[];
  readonly symmetric: boolean;
  readonly range: WeightGridOptions['range'] | undefined;
  readonly granularity: 'channel' | 'tensor';
}

/**
 * How far the outputs go away from the network's when one weight alone is rounded: mean Kullback–Leibler divergence of
 * the classes (Cai et al. 2020, "ZeroQ"), or the squared error over the mean square where outputs are not classes.
 *
 * @returns a row for each candidate, a value for each width
 */
export async function sensitivities(options: SensitivityOptions, context: Context): Promise<number[][]> {
  const { graph, candidates, widths } = options;
  const exact = await outputsOf(graph, options, context);
  const total = candidates.length * widths.length;
  const rows: number[][] = [];
  for (const candidate of candidates) {
    const row: number[] = [];
    for (const bits of widths) {
      const initializers = new Map(graph.initializers).set(candidate.weight, rounded(candidate, bits, options));
      const own = await outputsOf({ ...graph, initializers }, options, context);
      row.push(exact.classes ? divergence(exact, own) : relativeError(exact, own));
      context.onProgress({
        stage: 'sensitivity',
        unit: 'roundings',
        done: rows.length * widths.length + row.length,
        total,
      });
    }
    rows.push(row);
  }
  return rows;
}

/** A weight as it comes back from its grid. */
function rounded(
  { tensor, layers: [layer] }: Candidate,
  bits: number,
  { symmetric, range, granularity }: SensitivityOptions,
): Tensor {
  const axis = granularity === 'channel' && layer !== undefined ? weightAxis(layer) : undefined;
  const grid = { bits, symmetric, range: range ?? (bits < 8 ? 'mse' : 'minmax') } as const;
  const { codes, scales, zeroPoints } = quantizeWeights(tensor, axis, grid, []);
  const inner = axis === undefined ? tensor.data.length : elementCount(tensor.dims.slice(axis + 1));
  return tensorOf(
    'float32',
    tensor.dims,
    Float32Array.from(codes, (code, i) => {
      const channel = axis === undefined ? 0 : Math.floor(i / inner) % scales.length;
      return (code - (zeroPoints[channel] as number)) * (scales[channel] as number);
    }),
  );
}

interface Outputs {
  readonly values: Float32Array;
  /** Length of a row of one sample. */
  readonly width: number;
  /** The rows are logits of classes. */
  readonly classes: boolean;
}

async function outputsOf(graph: Graph, { model, samples }: SensitivityOptions, context: Context): Promise<Outputs> {
  const name = logitsName(graph, model.output.name);
  const rows: Float32Array[] = [];
  let shape: readonly number[] = [];
  const quiet = { ...context, onProgress() {} };
  const observation = { graph, model, samples: firstOf(samples), tensors: [name], batch: undefined, stage: '' };
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

function firstOf(samples: SampleSet): SampleSet {
  const count = Math.min(mostSamples, samples.count);
  return {
    shape: samples.shape,
    count,
    labelled: false,
    async *batches(size) {
      let left = count;
      for await (const { data } of samples.batches(size)) {
        const rows = Math.min(left, data.dims[0] as number);
        const each = data.data.length / (data.dims[0] as number);
        yield {
          data: { dtype: 'float32', dims: [rows, ...data.dims.slice(1)], data: data.data.subarray(0, rows * each) },
        };
        left -= rows;
        if (left === 0) return;
      }
    },
  };
}

function divergence({ values: exact, width }: Outputs, { values: own }: Outputs): number {
  let sum = 0;
  for (let at = 0; at < exact.length; at += width) {
    const [wanted, found] = [logSoftmax(exact.subarray(at, at + width)), logSoftmax(own.subarray(at, at + width))];
    for (let k = 0; k < width; k++) {
      sum += Math.exp(wanted[k] as number) * ((wanted[k] as number) - (found[k] as number));
    }
  }
  return Math.max(0, (sum * width) / exact.length);
}

function logSoftmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  return Float64Array.from(logits, (value) => value - largest - Math.log(sum));
}

function relativeError({ values: exact }: Outputs, { values: own }: Outputs): number {
  let [error, size] = [0, 1e-12];
  exact.forEach((value, i) => {
    error += (value - (own[i] as number)) ** 2;
    size += value * value;
  });
  return error / size;
}
