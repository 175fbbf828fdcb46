import { tensorOf } from '@datafree/core';
import {
  DatafreeError,
  defineQuantizer,
  type Graph,
  type Model,
  type Quantizer,
  type SampleSet,
  type Tensor,
  throwIfAborted,
} from '@datafree/plugin';

/** Options of {@link rounding}. */
export interface RoundingOptions {
  readonly weights?: number;
  readonly activations?: number;
}

/** A quantizer that does everything right and little: rounds weights, and looks at samples. @param changes to break it */
export function rounding(changes: Partial<Quantizer> = {}) {
  return (options: RoundingOptions = {}): Quantizer => {
    for (const [path, value] of Object.entries(options)) {
      const right = path === 'weights' ? value === 6 || value === 8 : path === 'activations' && value === 8;
      if (!right) throw new DatafreeError('option-invalid', `${path}: ${value} is not taken`, { path });
    }
    const { weights = 8, activations = 8 } = options;
    return defineQuantizer({
      kind: 'quantizer',
      name: 'rounding',
      apiVersion: 1,
      supports: { needsSamples: true, weightBits: [6, 8], activationBits: [8], deterministic: true },
      options: { weights, activations },
      async quantize(model, samples, { runtime, signal, onProgress }) {
        checkSamples(model, samples);
        throwIfAborted(signal);
        const session = await runtime.compile(model.graph);
        try {
          let done = 0;
          for await (const { data } of samples.batches(32)) {
            throwIfAborted(signal);
            await session.run({ [model.input.name]: data });
            done += data.dims[0] as number;
            onProgress({ stage: 'calibration', unit: 'samples', done, total: samples.count });
          }
        } finally {
          await session.dispose();
        }
        return { graph: rounded(model.graph, weights), bits: { weights, activations }, warnings: [] };
      },
      ...changes,
    });
  };
}

/** @throws `data-empty`, `data-shape` */
export function checkSamples(model: Model, samples: SampleSet): void {
  if (samples.count === 0) throw new DatafreeError('data-empty', 'There are no samples.');
  if (String(samples.shape) !== String(model.input.shape.slice(1))) {
    throw new DatafreeError('data-shape', 'The samples have another shape.');
  }
}

/** The graph with its kernels and matrices on a grid of 2^bits values. */
export function rounded(graph: Graph, bits: number): Graph {
  const round = (tensor: Tensor): Tensor => {
    if (tensor.dims.length < 2) return tensor;
    const data = tensor.data as Float32Array;
    const step = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / (2 ** (bits - 1) - 1);
    return tensorOf(
      'float32',
      tensor.dims,
      data.map((value) => step * Math.round(value / step)),
    );
  };
  return { ...graph, initializers: new Map([...graph.initializers].map(([name, tensor]) => [name, round(tensor)])) };
}
