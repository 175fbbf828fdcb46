import {
  add,
  div,
  elementCount,
  type GraphBuilder,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  sub,
  tensorOf,
  type Value,
} from '@datafree/core';
import { DatafreeError } from '@datafree/plugin';
import type { Term, TermScope } from './term.ts';

/** Far below the square of any feature: keeps the root away from 0, where it has no derivative. */
const leastSquare = 1e-12;

/**
 * Drives the samples of a batch apart: the mean cosine of the angle between the features of two of them, over all pairs,
 * from −1 / (samples − 1) to 1. Features are what enters the last BatchNormalization, averaged over positions and copies
 * and normalised by the statistics stored there, so that 0 is the mean of the training data. 0 for a batch of one.
 *
 * @throws `batchnorm-missing` when the step is written
 */
export function sampleDiversity(weight = 1): Term {
  return {
    name: 'diversity',
    weight,
    reads: (model) => model.batchNorms.slice(-1).map((site) => site.tensor),
    write(scope) {
      const { builder: b } = scope;
      const samples = scope.unit.shape[0] as number;
      if (samples === 1) return b.scalar(0);
      const directions = normalised(b, featuresOf(scope, samples));
      // |Σ u|² = Σ |u|² + Σ_{i≠j} u_i · u_j
      const sum = reduceSum(b, directions, [0]);
      const pairs = sub(b, reduceSum(b, mul(b, sum, sum)), reduceSum(b, mul(b, directions, directions)));
      return mul(b, pairs, 1 / (samples * (samples - 1)));
    },
  };
}

/** [samples, channels] */
function featuresOf({ builder: b, model, network }: TermScope, samples: number): Value {
  const site = model.batchNorms.at(-1);
  if (site === undefined) {
    throw new DatafreeError(
      'batchnorm-missing',
      `Network "${model.graph.name}" has no BatchNormalization to compare at.`,
      {
        hint: 'Leave the diversity out, or export the network with BatchNormalization un-folded.',
      },
    );
  }
  const { channels, mean, variance, epsilon } = site;
  const value = network(site.tensor);
  const copies = (value.shape[0] as number) / samples;
  const positions = elementCount(value.shape) / (copies * samples * channels);
  const pooled = reduceMean(b, reshape(b, value, [copies, samples, channels, positions]), [0, 3]);
  const row = (values: Float32Array) => b.constant(tensorOf('float32', [1, channels], values));
  const factor = variance.map((own) => 1 / Math.sqrt(own + epsilon));
  return mul(b, sub(b, pooled, row(mean)), row(factor));
}

/** Each row divided by its length. */
function normalised(b: GraphBuilder, rows: Value): Value {
  const squares = reduceSum(b, mul(b, rows, rows), [1], true);
  return div(b, rows, sqrt(b, add(b, squares, leastSquare)));
}
