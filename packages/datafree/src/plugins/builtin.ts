import type { Synthesizer } from '@datafree/plugin';
import { bns } from '@datafree/synth-bns';
import { gaussian } from '@datafree/synth-gaussian';
import { bnsInception, inception } from '@datafree/synth-inception';

/** Makes a plugin from its options. @throws `option-invalid` */
export type Factory = (options: Record<string, unknown>) => unknown;

/** The synthesizers that need no name of a package. Their options are checked by themselves. */
export const builtinSynthesizers: Readonly<Record<string, (options: object) => Synthesizer>> = {
  bns,
  inception,
  'bns+inception': bnsInception,
  gaussian,
};
