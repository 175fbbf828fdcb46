import { silentLogger } from '@datafree/plugin';
import { expect, it } from 'vitest';
import { type Block, findBlocks } from '../blocks/blocks.ts';
import { context, images, quantize, residualNetwork } from '../testing/residual.ts';
import { nearer } from './nearer.ts';

it('takes the network that is nearer at its end, and tells when it is the former one', async () => {
  const model = residualNetwork();
  const [near, far] = [await quantize(model, 8), await quantize(model, 2)];
  const last = findBlocks(model, near.graph, 8).at(-1) as Block;
  const comparison = { model, samples: images(40), batch: 16, last };
  const warned: string[] = [];
  const logger = { ...silentLogger, warn: (line: string) => warned.push(line) };

  const better = await nearer(comparison, far, near.graph, context({ logger }));
  expect(better).toEqual({ ...far, graph: near.graph });
  expect(warned).toEqual([]);

  const kept = await nearer(comparison, near, far.graph, context({ logger }));
  expect(kept.graph).toBe(near.graph);
  expect(warned[0]).toContain('no nearer');
  expect(kept.warnings).toEqual([...near.warnings, ...warned]);
});
