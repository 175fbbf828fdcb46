import { encodeModel } from '@datafree/onnx';
import type { Quantized, SampleSet } from '@datafree/plugin';
import { must } from '../expectation.ts';

/** @throws an Error unless onnxruntime itself loads the file of the graph and gives finite values for the samples */
export async function mustLoadInOnnxruntime({ graph }: Quantized, samples: SampleSet): Promise<void> {
  const { InferenceSession, Tensor } = await loadOnnxruntime();
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  must(input !== undefined && output !== undefined, 'the graph has no input or no output');
  const session = await InferenceSession.create(encodeModel(graph), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    for await (const { data } of samples.batches(samples.count)) {
      const { [output.name]: result } = await session.run({
        [input.name]: new Tensor('float32', data.data, data.dims),
      });
      must(result !== undefined, `onnxruntime returns no "${output.name}"`);
      const finite = (result.data as Float32Array).every(Number.isFinite);
      must(finite && result.dims[0] === samples.count, 'onnxruntime gives values that are not finite, or too few');
    }
  } finally {
    await session.release();
  }
}

/** onnxruntime-node, which is no dependency: most suites do without it. */
async function loadOnnxruntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new Error('onnxruntime-node, which this check needs, cannot be loaded: npm install -D onnxruntime-node', {
      cause,
    });
  }
}
