import { expect, it } from 'vitest';
import { inputRangeCheck } from './inputRange.ts';
import type { InputGrid } from './model.ts';

function found(grid: InputGrid, ...batches: number[][]): string[] {
  const said: string[] = [];
  const check = inputRangeCheck(grid, (text) => said.push(text));
  for (const batch of batches) check(Float32Array.from(batch));
  return said;
}

const pixels = { low: 0, high: 255, whole: true };

it('tells once what is far outside, whatever has an entry a channel', () => {
  const wide = ["20, but the network's input goes from -3 to 5.1"];
  expect(found({ ...pixels, scale: [0.02], offset: [-3, 0] }, [-3, 9], [20], [30])).toEqual(wide);
  expect(found({ ...pixels, scale: [0.02, 0.02], offset: [-3, 0] }, [20])).toEqual(wide);
  expect(found({ ...pixels, scale: [0.02, 0.01], offset: [0] }, [7.6, -2.5])).toEqual([]);
  expect(found({ ...pixels, scale: [0.02, 0.01], offset: [0] }, [7.7])).toHaveLength(1);
});
