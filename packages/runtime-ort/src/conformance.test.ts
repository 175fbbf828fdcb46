import { runtimeSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { ort } from './ort.ts';

runtimeSuite({ describe, it }, ort, { options: { threads: 1 } });
