import { synthesizerSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { gaussian } from './gaussian.ts';

synthesizerSuite({ describe, it }, gaussian, { options: { mean: 0.1, deviation: [0.5, 0.4, 0.3] } });
