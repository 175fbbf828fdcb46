import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@datafree/core';
import { ort } from '@datafree/runtime-ort';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resnet8 } from './resnet8.mjs';
import { train } from './training.mjs';

const random = new Random(5);
const count = 48;
const classes = 10;
const data = {
  images: Uint8Array.from({ length: count * 32 * 32 * 3 }, () => random.integer(256)),
  labels: Uint8Array.from({ length: count }, () => random.integer(classes)),
};
const settings = { epochs: 3, batch: 16, rate: 0.1, seed: 1, warmUp: 1 };
const runtime = ort({ threads: 1, spinning: false });

let base = '';
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'datafree-training-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** Trains a narrow network in a folder of its own. @param at epoch and step after which it is interrupted */
async function weights(folder: string, at?: readonly [epoch: number, step: number], rate = settings.rate) {
  const network = resnet8(1, [4, 4, 8]);
  const seen: number[] = [];
  const onStep = ({ epoch, step }: { epoch: number; step: number }) => {
    seen.push(epoch);
    if (epoch === at?.[0] && step === at[1]) throw new Error('interrupted');
  };
  const own = { settings: { ...settings, rate }, folder: join(base, folder) };
  await mkdir(own.folder, { recursive: true });
  const trained = await train({ network, data, classes, runtime, measure: async () => 0, onStep, ...own });
  return { initializers: trained.initializers, seen };
}

it('an interrupted training goes on to the weights of one that was not', async () => {
  const whole = await weights('whole');
  expect(whole.initializers).not.toEqual(resnet8(1, [4, 4, 8]).initializers);
  await expect(weights('interrupted', [0, 1])).rejects.toThrow('interrupted');
  await expect(weights('interrupted', [1, 2])).rejects.toThrow('interrupted');
  const resumed = await weights('interrupted');
  expect(resumed.seen).toEqual([1, 1, 1, 2, 2, 2]);
  expect(resumed.initializers).toEqual(whole.initializers);
  await expect(weights('interrupted', undefined, 0.2)).rejects.toThrow(/a run with other options/);
});
