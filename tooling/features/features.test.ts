import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as core from '../../packages/core/src/index.ts';
import { kernelOf } from '../../packages/quantizer/src/plan/kernel.ts';
import { features } from './features.mjs';
import { introduced } from './introduced.mjs';

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
  expect(['Round', 'Greater', 'Relu', 'Conv'].map(gradient)).toEqual(['zero', '–', 'yes', 'yes']);
});
