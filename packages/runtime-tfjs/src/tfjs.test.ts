import { runtimeSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { tfjs } from './tfjs.ts';

const cpu = async () => {
  await import('@tensorflow/tfjs-backend-cpu');
  return import('@tensorflow/tfjs-core');
};

runtimeSuite({ describe, it }, () => tfjs({ lib: cpu, backend: 'cpu' }));
