import { ort } from '@datafree/runtime-ort';
import { quantizerSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { quantizer } from './quantizer.ts';

quantizerSuite({ describe, it }, quantizer, { runtime: ort() });
