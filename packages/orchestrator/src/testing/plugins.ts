import type {
  Checkpoint,
  FineTuner,
  Metric,
  Model,
  Quantizer,
  Runtime,
  SampleSet,
  Synthesizer,
} from '@datafree/plugin';

/** A network of one node, of which only the border matters here. */
export const model: Model = {
  graph: {
    name: 'identity',
    opset: { '': 21 },
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 2] }],
    initializers: new Map(),
    nodes: [{ op: 'Relu', domain: '', name: 'relu', inputs: ['x'], outputs: ['y'], attributes: {} }],
    metadata: new Map(),
  },
  input: { name: 'x', dtype: 'float32', shape: ['N', 2] },
  output: { name: 'y', dtype: 'float32', shape: ['N', 2] },
  batchNorms: [],
  hash: 'abc',
};

export const runtime: Runtime = {
  kind: 'runtime',
  name: 'fake',
  apiVersion: 1,
  supports: { gradients: true, integerKernels: true, opset: 21 },
  compile: () => Promise.reject(new Error('nothing here runs a graph')),
};

/** Samples that count up from `first`. */
export function counting(count: number, first: number, labelled = false): SampleSet {
  return {
    shape: [2],
    count,
    labelled,
    async *batches(size) {
      for (let from = 0; from < count; from += size) {
        const length = Math.min(size, count - from);
        const data = Float32Array.from({ length: length * 2 }, (_, i) => first + from * 2 + i);
        const tensor = { dtype: 'float32', dims: [length, 2], data } as const;
        yield labelled ? { data: tensor, labels: new Int32Array(length) } : { data: tensor };
      }
    },
  };
}

/** Makes two samples a step, keeps each step, and starts counting at the seed. */
export function steps(spy: { steps: number } = { steps: 0 }, changes: Partial<Synthesizer> = {}): Synthesizer {
  return {
    kind: 'synthesizer',
    name: 'steps',
    apiVersion: 1,
    supports: { needsBatchNorm: false, needsGradients: false, labels: false, deterministic: true },
    options: {},
    async synthesize(_model, { count }, { seed, checkpoint, onProgress, signal }) {
      for (let done = 0; done < count; done += 2) {
        signal?.throwIfAborted();
        const key = `step-${done}`;
        if ((await checkpoint?.read(key)) === undefined) {
          spy.steps += 1;
          await checkpoint?.write(key, Uint8Array.of(1));
        }
        onProgress({ stage: 'synthesis', done, total: count, unit: 'samples' });
      }
      return counting(count, seed);
    },
    ...changes,
  };
}

/** {@link steps} that are done when the samples are first read, but for those that are wanted at once. */
export function growing(spy: { steps: number } = { steps: 0 }): Synthesizer {
  return steps(spy, {
    async synthesize(_model, { count, ready = count }, { seed, checkpoint, onProgress, signal }) {
      let done = 0;
      const make = async (wanted: number): Promise<void> => {
        for (; done < wanted; done += 2) {
          signal?.throwIfAborted();
          const key = `step-${done}`;
          if ((await checkpoint?.read(key)) === undefined) {
            spy.steps += 1;
            await checkpoint?.write(key, Uint8Array.of(1));
          }
          onProgress({ stage: 'synthesis', done: done + 2, total: count, unit: 'samples' });
        }
      };
      await make(ready);
      const samples = counting(count, seed);
      return {
        ...samples,
        ready,
        async *batches(size) {
          let read = 0;
          for await (const batch of samples.batches(size)) {
            read += batch.data.dims[0] as number;
            await make(read);
            yield batch;
          }
        },
      };
    },
  });
}

/** Draws from the samples that there are at each of its steps, and writes their sum into the graph's metadata. */
export function learning(): FineTuner {
  return tuning({
    name: 'learning',
    async fineTune(_model, quantized, samples, { onProgress, checkpoint }) {
      let [step = 0, sum = 0] = (await checkpoint?.read('state')) ?? [];
      for (; step < 4; step++) {
        for await (const { data } of samples.batches(2 * (step + 1))) {
          sum = (sum + data.data.reduce((a, b) => a + b, 0)) % 251;
          break;
        }
        onProgress({ stage: 'fine-tuning', done: step + 1, total: 4, unit: 'steps' });
        await checkpoint?.write('state', Uint8Array.of(step + 1, sum));
      }
      const metadata = new Map([...quantized.graph.metadata, ['learned', String(sum)]]);
      return { ...quantized, graph: { ...quantized.graph, metadata } };
    },
  });
}

/** Writes the sum of the samples into the graph's metadata. */
export function summing(changes: Partial<Quantizer> = {}): Quantizer {
  return {
    kind: 'quantizer',
    name: 'summing',
    apiVersion: 1,
    supports: { needsSamples: true, weightBits: [8], activationBits: [8], deterministic: true },
    options: { weights: 8, activations: 8 },
    async quantize({ graph }, samples, { onProgress }) {
      let sum = 0;
      for await (const { data } of samples.batches(2)) sum += data.data.reduce((a, b) => a + b, 0);
      onProgress({ stage: 'calibration', done: 1, total: 1, unit: 'batches' });
      return {
        graph: { ...graph, metadata: new Map([['sum', String(sum)]]) },
        bits: { weights: 8, activations: 8 },
        warnings: [],
      };
    },
    ...changes,
  };
}

export function tuning(changes: Partial<FineTuner> = {}): FineTuner {
  return {
    kind: 'fine-tuner',
    name: 'tuning',
    apiVersion: 1,
    supports: {
      needsGradients: true,
      needsLabels: false,
      weightBits: [8],
      activationBits: [8],
      deterministic: true,
    },
    options: {},
    fineTune: async (_model, quantized) => ({ ...quantized, warnings: ['tuned'] }),
    ...changes,
  };
}

export const counter: Metric = {
  kind: 'metric',
  name: 'counter',
  apiVersion: 1,
  supports: { needsBatchNorm: false, needsLabels: false, deterministic: true },
  options: {},
  measure: async (_model, samples) => ({ samples: samples.count }),
};

/** A checkpoint in memory; `failAfter` writes it throws, as a killed process or a full disk would. */
export function memoryCheckpoint(failAfter = Number.POSITIVE_INFINITY) {
  const entries = new Map<string, Uint8Array>();
  const checkpoint: Checkpoint & { failAfter: number } = {
    failAfter,
    read: async (key) => entries.get(key),
    write: async (key, value) => {
      if (checkpoint.failAfter-- <= 0) throw new Error('the disk is full');
      entries.set(key, value);
    },
  };
  return { entries, checkpoint };
}
