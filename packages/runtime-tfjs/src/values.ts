import { allocate, elementCount, numbersOf } from '@datafree/core';
import { DatafreeError, type DType, type Tensor } from '@datafree/plugin';
import type * as tfjs from '@tensorflow/tfjs-core';
import { storageOf, type TfjsLibrary } from './kernels/kernel.ts';

/** Types that TensorFlow.js cannot carry without losing something, or that nobody feeds. */
export const unsupportedTypes: readonly DType[] = ['float64', 'float16', 'bfloat16', 'int4', 'uint4', 'string'];

/** @throws `unsupported` for one of {@link unsupportedTypes} */
export function checkBorder(name: string, dtype: DType): void {
  if (!unsupportedTypes.includes(dtype)) return;
  throw new DatafreeError('unsupported', `"${name}" is of type ${dtype}, which TensorFlow.js cannot carry.`, {
    tensor: name,
    hint: 'Cast to and from float32 inside the graph, or run it with @datafree/runtime-ort.',
  });
}

/**
 * A tensor as TensorFlow.js takes it: floats as float32, all integers as int32.
 *
 * @throws `runtime-failed` for an integer beyond 32 bits
 */
export function toTfjs(tf: TfjsLibrary, name: string, tensor: Tensor): tfjs.Tensor {
  const storage = storageOf(tensor.dtype);
  const numbers = numbersOf(tensor);
  const dims = [...tensor.dims];
  if (storage === 'float32') return tf.tensor(Float32Array.from(numbers), dims, storage);
  if (storage === 'bool') return tf.tensor(Uint8Array.from(numbers), dims, storage);
  const integers = Int32Array.from(numbers);
  for (let i = 0; i < integers.length; i++) {
    if (integers[i] === numbers[i]) continue;
    throw new DatafreeError('runtime-failed', `"${name}" holds ${numbers[i]}; TensorFlow.js has integers of 32 bits.`, {
      tensor: name,
    });
  }
  return tf.tensor(integers, dims, storage);
}

/** Reads a result as the type that it has in the graph. */
export async function fromTfjs(value: tfjs.Tensor, dtype: DType): Promise<Tensor> {
  const numbers = await value.data();
  const data = allocate(dtype, elementCount(value.shape));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < data.length; i++) data[i] = BigInt(numbers[i] as number);
  } else {
    (data as Float32Array).set(numbers);
  }
  return { dtype, dims: value.shape, data };
}
