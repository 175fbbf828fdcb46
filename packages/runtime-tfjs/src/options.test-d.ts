import { expectTypeOf } from 'vitest';
import type { TfjsLibrary } from './kernels/kernel.ts';
import type { TfjsModule, TfjsOptions } from './options.ts';

// Checked by the compiler alone: tfjs-node needs a binary to be loaded.
type TfjsNode = typeof import('@tensorflow/tfjs-node');

expectTypeOf<TfjsNode>().toExtend<TfjsModule>();
expectTypeOf<() => Promise<TfjsNode>>().toExtend<TfjsOptions['lib']>();
/** What kernels are written with. */
expectTypeOf<TfjsNode>().toExtend<Omit<TfjsLibrary, 'default'>>();
