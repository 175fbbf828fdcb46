import { ort } from '@datafree/runtime-ort';
import { synthesizerSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { bnsInception, inception } from './inception.ts';

for (const factory of [inception, bnsInception]) {
  synthesizerSuite({ describe, it }, factory, { runtime: ort(), options: { iterations: 8 } });
}
