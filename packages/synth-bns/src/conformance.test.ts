import { ort } from '@datafree/runtime-ort';
import { synthesizerSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { bns } from './bns.ts';

synthesizerSuite({ describe, it }, bns, { runtime: ort(), options: { iterations: 8 } });
