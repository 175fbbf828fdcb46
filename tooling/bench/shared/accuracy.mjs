// What networks say of labelled data, how often they are right, and what they are as files.
import { encodeModel } from '@datafree/onnx';

/** The class that a network gives each sample, and the labels. @returns {Promise<{classes: number[], labels: number[]}>} */
export async function classesOf(graph, { runtime, model, samples }) {
  const session = await runtime.compile(graph);
  const classes = [];
  const labels = [];
  for await (const batch of samples.batches(50)) {
    const outputs = await session.run({ [model.input.name]: batch.data });
    const { data, dims } = outputs[model.output.name];
    const width = data.length / dims[0];
    for (let n = 0; n < dims[0]; n++) {
      const row = data.subarray(n * width, (n + 1) * width);
      classes.push(row.indexOf(row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)));
    }
    labels.push(...(batch.labels ?? []));
  }
  await session.dispose();
  return { classes, labels };
}

/** Per cent of the places where two lists agree. */
export function share(left, right) {
  return round((100 * left.filter((value, i) => value === right[i]).length) / left.length);
}

/** What a quantised network is as a file, and what of it runs on integers. @param {object} quantized by a quantizer */
export function fileOf({ graph, fusion }, model) {
  const [bytes, fp32Bytes] = [graph, model.graph].map((own) => encodeModel(own).length);
  return { bytes, fp32Bytes, integer: fusion?.integer, float: fusion?.float };
}

/** A figure with two digits after the point. */
export function round(value, digits = 2) {
  return Number(value.toFixed(digits));
}

/** Seconds since a `performance.now()`. */
export function secondsSince(started) {
  return round((performance.now() - started) / 1000, 1);
}
