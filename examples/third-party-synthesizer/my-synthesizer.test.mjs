import { describe, it } from 'node:test';
import { synthesizerSuite } from '@datafree/testkit';
import { ort } from 'datafree';
import noise from './my-synthesizer.mjs';

synthesizerSuite({ describe, it }, noise, { runtime: ort() });
