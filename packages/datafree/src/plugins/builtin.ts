import { distil } from '@datafree/finetuner';
import { quantizer } from '@datafree/quantizer';
import { reconstruct } from '@datafree/reconstruct';
import { ort } from '@datafree/runtime-ort';
import { similarity } from '@datafree/similarity';
import { bns } from '@datafree/synth-bns';
import { gaussian } from '@datafree/synth-gaussian';
import { bnsInception, inception } from '@datafree/synth-inception';
import type { PluginSource } from './resolve.ts';

/** Where plugins come from by their kind. The built-in ones need no name of a package; all check their options. */
export const sources = {
  synthesizer: {
    kind: 'synthesizer',
    prefix: '@datafree/synth-',
    builtin: { bns, inception, 'bns+inception': bnsInception, gaussian },
  },
  quantizer: { kind: 'quantizer', prefix: '@datafree/quantizer-', builtin: { quantizer } },
  'fine-tuner': { kind: 'fine-tuner', prefix: '@datafree/finetuner-', builtin: { distil, reconstruct } },
  runtime: { kind: 'runtime', prefix: '@datafree/runtime-', builtin: { ort } },
  metric: { kind: 'metric', prefix: '@datafree/metric-', builtin: { similarity } },
} as const satisfies Readonly<Record<string, PluginSource>>;
