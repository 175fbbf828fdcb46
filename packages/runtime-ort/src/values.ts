import { tensorOf } from '@datafree/core';
import { DatafreeError, type DType, type Tensor, type TensorData } from '@datafree/plugin';
import type { Tensor as OrtTensor } from 'onnxruntime-node';
import type { OrtLibrary } from './library.ts';

/** Types that onnxruntime-node carries only inside a graph: its tensors have no storage for them. */
export const unsupportedTypes: readonly DType[] = ['bfloat16', 'int4', 'uint4'];

/**
 * A tensor as onnxruntime takes it: the same memory, except memory that is shared between threads or of another realm
 * (a `vm` context, as test runners have), which it refuses.
 *
 * @throws `runtime-failed` for one of {@link unsupportedTypes}
 */
export function toOrt(library: OrtLibrary, name: string, tensor: Tensor): OrtTensor {
  const { dtype, dims } = tensor;
  if (unsupportedTypes.includes(dtype)) {
    throw new DatafreeError('runtime-failed', `"${name}" is of type ${dtype}, which onnxruntime-node cannot be fed.`, {
      tensor: name,
      hint: 'Cast to and from another type inside the graph.',
    });
  }
  try {
    return new library.Tensor(dtype as 'float32', own(tensor) as Float32Array, dims);
  } catch (cause) {
    throw new DatafreeError('runtime-failed', `"${name}" (${dtype}[${dims}]): ${(cause as Error).message}`, {
      tensor: name,
      cause,
    });
  }
}

/** A tensor that onnxruntime returned, on its memory. */
export function fromOrt(tensor: OrtTensor): Tensor {
  const { type, dims } = tensor;
  const data = tensor.data as TensorData[DType];
  // From the version of JavaScript that has them, halves come as Float16Array; here they are raw bits.
  const bits = type === 'float16' && !(data instanceof Uint16Array) ? new Uint16Array(...viewed(data)) : data;
  return { dtype: type as DType, dims, data: bits };
}

/** The data, copied where their memory is shared, or made by another realm. */
function own({ dtype, dims, data }: Tensor): TensorData[DType] {
  if (!ArrayBuffer.isView(data) || data.buffer instanceof ArrayBuffer) return data;
  const copy = tensorOf(dtype, dims, []).data as Float32Array;
  copy.set(data as Float32Array);
  return copy;
}

function viewed(data: TensorData[DType]): [ArrayBuffer, number, number] {
  const view = data as Uint16Array;
  return [view.buffer as ArrayBuffer, view.byteOffset, view.length];
}
