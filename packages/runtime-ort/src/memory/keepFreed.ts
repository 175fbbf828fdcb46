import { add, elementCount, GraphBuilder, reduceMax, reshape } from '@datafree/core';
import { encodeModel } from '@datafree/onnx';
import type { Graph } from '@datafree/plugin';
import type { OrtLibrary } from '../library.ts';

/** Whether a graph gives so much, 4 MiB, that {@link keepFreedMemory} matters. */
export function givesMuch({ outputs }: Graph): boolean {
  const counts = outputs.map(({ shape }) => (shape.every((dim) => typeof dim === 'number') ? elementCount(shape) : 0));
  return counts.reduce((sum, count) => sum + count, 0) >= 2 ** 20;
}

/** A block of so many rows and columns is just below 32 MiB, the largest that glibc learns from. */
const side = 2880;

/**
 * Lets the process keep the memory of large results that are freed.
 *
 * onnxruntime-node copies each result to fresh memory. glibc gives a large block back to the system as soon as it is
 * freed, and every page of the next one is asked for anew, which can take longer than the step that filled it. From the
 * first large block that was freed glibc learns that such blocks come and go (mallopt(3), "dynamic mmap threshold"): here
 * an intermediate tensor outside of onnxruntime's own arena is one. With other allocators this does nothing.
 */
export async function keepFreedMemory(library: OrtLibrary): Promise<void> {
  const b = new GraphBuilder({ name: 'memory' });
  const x = b.input('x', 'float32', [side]);
  const block = add(b, x, reshape(b, x, [side, 1]));
  b.output(reduceMax(b, block, [0, 1]), 'largest');
  const session = await library.InferenceSession.create(encodeModel(b.build()), { enableCpuMemArena: false });
  await session.run({ x: new library.Tensor('float32', new Float32Array(side), [side]) });
  await session.release();
}
