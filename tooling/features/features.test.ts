import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as core from '../../packages/core/src/index.ts';
import { kernelOf } from '../../packages/quantizer/src/plan/kernel.ts';
import { features } from './features.mjs';
import { introduced } from './introduced.mjs';
import { limits } from './limits.mjs';

it('FEATURES.md says what the operators are; node tooling/features/generate.mjs > FEATURES.md after a build', () => {
  expect(readFileSync(new URL('../../FEATURES.md', import.meta.url), 'utf8')).toBe(features(core, kernelOf));
});

it('no opset is given for an operator that does not exist', () => {
  expect(Object.keys(introduced).filter((op) => !core.standardOperators.has(`:${op}`))).toEqual([]);
});

it('tells a zero gradient from none and from a proper one', () => {
  const rows = features(core, kernelOf).split('\n');
  const gradient = (op: string) =>
    rows
      .find((row) => row.startsWith(`| ${op} `))
      ?.split('|')[4]
      ?.trim();
  expect(['Round', 'Greater', 'Relu', 'Conv', 'GatherND'].map(gradient)).toEqual([
    'zero',
    '–',
    'yes',
    'yes',
    'limited',
  ]);
});

it.each(limits)('$op ($of) refuses $says and nothing beside it', ({ op, of, refused, taken, write }) => {
  const written = (value: unknown) => {
    const b = new core.GraphBuilder();
    const x = b.input('x', 'float32', [1, 1, 4, 4]);
    return { b, x, y: write(b, x, value as never) as core.Value };
  };
  const differentiated = ({ b, x, y }: ReturnType<typeof written>) => {
    const loss = core.mul(b, core.cast(b, y, 'float32'), b.input('weights', 'float32', y.shape));
    return core.differentiate(b, core.reduceSum(b, loss), [x]);
  };
  const code = expect.stringMatching(
    of === 'gradient' ? /^operator-no-gradient$/ : /^(unsupported|attribute-invalid)$/,
  );
  const error = expect.objectContaining({ code, op, hint: expect.any(String) });
  for (const value of refused) {
    const node = of === 'gradient' ? written(value) : undefined;
    expect(() => differentiated(node ?? written(value))).toThrow(error);
  }
  for (const value of taken) expect(differentiated(written(value))).toHaveLength(1);
});
