import { expect, it } from 'vitest';
import { rangeCheck } from './range.ts';

function warnings(...args: [Parameters<typeof rangeCheck>[0], ...number[][]]): readonly string[] {
  const [preprocess, ...batches] = args;
  const said: string[] = [];
  const logger = { debug() {}, info() {}, warn: (message: string) => void said.push(message) };
  const check = rangeCheck(preprocess, 3, 'x.npy', logger);
  for (const batch of batches) check?.(Float32Array.from(batch));
  return said;
}

it('warns once of values far outside the range, and names both', () => {
  expect(warnings('imagenet', [0, 1, -2], [255, 3], [200])).toEqual([
    "x.npy holds 255, but the network's input goes from -2.118 to 2.64: are these pixels that were not preprocessed?",
  ]);
  expect(warnings({ bounds: [0, 10] }, [15, -5])).toEqual([]);
  expect(warnings({ bounds: [0, 10] }, [15.5])).toHaveLength(1);
  expect(warnings('signed', [-2.5])).toHaveLength(1);
});

it('says nothing where the range is not known', () => {
  expect(warnings('none', [1e9])).toEqual([]);
});
