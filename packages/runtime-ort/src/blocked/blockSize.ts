import { conv, GraphBuilder, tensorOf } from '@datafree/core';
import type { OrtLibrary } from '../library.ts';
import { readOptimized } from '../optimized.ts';
import type { ParsedOrtOptions } from '../options.ts';
import { blockedDomain } from './operators.ts';

/**
 * Channels in a block of onnxruntime's blocked layout on this processor, which differs with its vector units; 0 where
 * it has no such kernels. Read off what onnxruntime makes of a convolution: a filter is filled up to a whole block.
 */
export async function blockSizeOf(library: OrtLibrary, options: ParsedOrtOptions): Promise<number> {
  const b = new GraphBuilder({ name: 'block' });
  const x = b.input('x', 'float32', [1, 64, 4, 4]);
  b.output(conv(b, x, b.constant(tensorOf('float32', [1, 64, 1, 1], new Float32Array(64).fill(1)))), 'y');
  const { nodes, initializers } = await readOptimized(library, b.build(), options);
  const blocked = nodes.find((node) => node.domain === blockedDomain && node.op === 'Conv');
  return initializers.get(blocked?.inputs[1] ?? '')?.dims[0] ?? 0;
}
