import { batchSizes, inferTypes, operatorSetOf } from '@datafree/core';
import {
  type Context,
  checkGiven,
  defineQuantizer,
  type Model,
  type Quantized,
  type Quantizer,
  type SampleSet,
} from '@datafree/plugin';
import { collect } from './calibration/collect.ts';
import { correctedBias, summedAxis } from './correction/biasCorrection.ts';
import { equalize } from './correction/equalization.ts';
import { emit } from './emit/emit.ts';
import { quantizeLayers } from './emit/layerWeights.ts';
import { exclusionOf, idleExclusions } from './exclusion.ts';
import { fusionReport } from './fusion/report.ts';
import { activationGrid } from './grid/activations.ts';
import type { AffineGrid } from './grid/affine.ts';
import { choosePrecision, mostCommon, precisionChoices } from './mixed/precision.ts';
import { parseQuantizerOptions, type QuantizerOptions } from './options.ts';
import { makePlan } from './plan/plan.ts';
import { prepare } from './prepare/prepare.ts';
import { Topology } from './topology.ts';

/**
 * Post-training quantisation to 2 … 8 bits, written as QuantizeLinear/DequantizeLinear pairs in the patterns that
 * onnxruntime runs with integer kernels.
 *
 * @throws `option-invalid`; `check` throws it for a budget that cannot be kept and `operator-unknown` for an operator whose
 *   shapes are not known; `quantize` throws these too, `data-shape`, `data-empty`, `not-finite`, `aborted` and what the runtime throws
 */
export function quantizer(options: QuantizerOptions = {}): Quantizer {
  const parsed = parseQuantizerOptions(options);
  const every = [2, 3, 4, 5, 6, 7, 8];
  return defineQuantizer({
    kind: 'quantizer',
    name: 'quantizer',
    apiVersion: 1,
    supports: { needsSamples: true, weightBits: every, activationBits: every, deterministic: true },
    options: { ...parsed, exclude: parsed.exclude.map(String) },
    check: (model) => {
      precisionChoices({ ...layOut(model, parsed), options: parsed });
    },
    quantize: (model, samples, context) => quantize(model, samples, context, parsed),
  });
}

type Parsed = ReturnType<typeof parseQuantizerOptions>;

/** What can be decided without samples. @throws `operator-unknown`, `shape-mismatch`, `input-unsupported` */
function layOut(model: Model, options: Parsed) {
  const excluded = exclusionOf(options.exclude);
  const prepared = prepare(model);
  const topology = new Topology(options.equalization ? equalize(prepared, model) : prepared);
  const types = inferTypes(topology.graph, batchSizes(model.input, 1), operatorSetOf(model));
  const plan = makePlan(topology, types, {
    activations: options.activations,
    lastActivations: options.firstLast?.activations ?? options.activations,
    summands: options.summands,
    outputs: options.outputs,
    excluded,
  });
  return { topology, types, plan, excluded };
}

async function quantize(model: Model, samples: SampleSet, context: Context, options: Parsed): Promise<Quantized> {
  checkGiven('quantizer', { model, samples, context });
  const { topology, types, plan, excluded } = layOut(model, options);
  const layers = [...plan.integer].filter((node) => plan.roles.get(node) === 'weighted');
  const corrected = options.biasCorrection ? layers.filter((node) => summedAxis(node) !== undefined) : [];
  const wanted = {
    groups: new Map([...plan.groups].map(([name, group]) => [name, group.measured])),
    means: new Map(corrected.map((node) => [node.inputs[0] as string, summedAxis(node) as number])),
  };
  const { graph } = topology;
  const statistics = await collect(wanted, { graph, model, samples, batch: options.batch }, context);

  const weighted = topology.graph.nodes.filter((node) => plan.roles.get(node) === 'weighted');
  const warnings = [...idleExclusions(options.exclude, topology.graph.nodes, weighted)];
  if (weighted.length > 0 && layers.length === 0) {
    warnings.push('exclude: no layer is left to quantise, so weights stay in floating point.');
  }
  const parts = { plan, topology, types, statistics: statistics.groups, model, samples, options };
  const { precision, activations } = (await choosePrecision(parts, context)) ?? {};
  const entering = [...(activations ?? [])].flatMap(([group, own]) => (plan.groups.get(group)?.asked ? [own] : []));
  const grids = new Map<string, AffineGrid>();
  for (const [name, group] of plan.groups) {
    const seen = statistics.groups.get(name);
    if (seen === undefined) continue;
    if (seen.histogram.minimum === 0 && seen.histogram.maximum === 0) {
      warnings.push(`The activation "${name}" is zero on all calibration samples; its range is taken as 0 … 1.`);
    }
    grids.set(name, activationGrid(seen, activations?.get(name) ?? group.bits, options));
  }
  const bits = options.reduceRange ? Math.min(7, options.weights) : options.weights;
  const rounded = quantizeLayers(plan, topology, grids, {
    bits,
    own: new Map(precision?.layers.map((layer) => [layer.weight, layer.bits])),
    endBits: options.firstLast?.weights ?? bits,
    symmetric: options.symmetric,
    range: options.weightRange,
    granularity: options.granularity,
    container: options.container,
  });
  if (options.container !== 'int8' && ![...rounded.values()].some(({ container }) => container === options.container)) {
    warnings.push(`container: no weight has 4 bits or less, so none is stored as ${options.container}.`);
  }
  const weights = new Map(
    [...rounded].map(([node, layer]) => {
      const means = corrected.includes(node) ? statistics.means.get(node.inputs[0] as string) : undefined;
      return [node, means === undefined ? layer : { ...layer, bias: correctedBias(node, topology, layer, means) }];
    }),
  );
  const quantised = emit(plan, topology, grids, weights);
  const kept = new Set(graph.nodes.filter(excluded).map((node) => node.name));
  const fusion = await fusionReport(quantised, context.runtime, kept);
  return {
    graph: quantised,
    bits: {
      weights: mostCommon(precision?.layers.map((layer) => layer.bits) ?? []) ?? options.weights,
      activations: mostCommon(entering) ?? options.activations,
    },
    ...(precision && { precision }),
    ...(fusion && { fusion }),
    warnings,
  };
}
