import { ort } from '@datafree/runtime-ort';
import { metricSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { similarity } from './similarity.ts';

metricSuite({ describe, it }, similarity, { runtime: ort() });
