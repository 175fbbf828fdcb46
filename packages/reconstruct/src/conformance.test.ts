import { quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { fineTunerSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { reconstruct } from './reconstruct.ts';

fineTunerSuite({ describe, it }, reconstruct, {
  runtime: ort(),
  quantizer: quantizer({ weights: 4, activations: 4 }),
  options: { steps: 10, batch: 8 },
});
