import { elementCount, tensorOf } from '@datafree/core';
import { DatafreeError, type Tensor } from '@datafree/plugin';

/** Names of the states of a student. */
export const stateOf = {
  weight: (codes: string) => `weight/${codes}`,
  bias: (name: string) => `bias/${name}`,
  /** The logarithm by which a step size has changed. */
  step: (scale: string) => `step/${scale}`,
  /** Of a layer whose BatchNormalization follows: running moments, and the logarithm by which its gamma has changed. */
  mean: (layer: string) => `mean/${layer}`,
  variance: (layer: string) => `variance/${layer}`,
  gamma: (layer: string) => `gamma/${layer}`,
};

/** The float32 states of a training step as bytes, in their order. */
export function packStates(states: ReadonlyMap<string, Tensor>): Uint8Array {
  const values = new Float32Array([...states.values()].reduce((sum, { dims }) => sum + elementCount(dims), 0));
  let at = 0;
  for (const { data } of states.values()) {
    values.set(data as Float32Array, at);
    at += (data as Float32Array).length;
  }
  return new Uint8Array(values.buffer);
}

/** States from bytes that {@link packStates} made. @throws `resume-mismatch` when they are of another step */
export function unpackStates(bytes: Uint8Array, like: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const values = new Float32Array(bytes.slice().buffer);
  let at = 0;
  const states = new Map<string, Tensor>();
  for (const [name, { dims }] of like) {
    const length = elementCount(dims);
    states.set(name, tensorOf('float32', dims, values.subarray(at, at + length)));
    at += length;
  }
  if (at === values.length) return states;
  throw new DatafreeError('resume-mismatch', `The checkpoint holds ${values.length} values, ${at} are needed.`, {
    hint: 'Remove the run directory, or take another.',
  });
}
