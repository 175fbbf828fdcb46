import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { prepareModel } from '@datafree/onnx';
import { DatafreeError, type SampleSet, type Synthesizer } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { bns } from '@datafree/synth-bns';
import { gaussian } from '@datafree/synth-gaussian';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { network } from '../testing/models.ts';
import { compress, spilling, synthesize } from './spilling.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  vi.stubEnv('TMPDIR', root);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** Folders of samples; onnxruntime has files of its own there. */
const kept = async (): Promise<string[]> => (await readdir(root)).filter((name) => name.startsWith('datafree-'));

const collect = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};
/** What nothing holds any more is gone. */
const emptied = () =>
  vi.waitFor(async () => {
    collect();
    await sleep(1);
    expect(await kept()).toEqual([]);
  }, 10_000);
beforeEach(emptied);

const runtime = ort({ threads: 1 });
const model = prepareModel(network(), { hash: 'small' });
const fast = bns({ iterations: 2, batch: 4 });
const base = { model, runtime, count: 8, threads: 1 };

async function valuesOf(samples: SampleSet): Promise<number[]> {
  const values: number[] = [];
  for await (const { data } of samples.batches(3)) values.push(...data.data);
  return values;
}

test('large samples lie in a temporary folder as long as they are held', async () => {
  const read = async (limit?: number): Promise<number[]> => {
    const samples = await synthesize({ ...base, synthesizer: spilling(fast, limit) });
    const files = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.checkpoint'));
    expect(files).toHaveLength(limit === undefined ? 0 : 2);
    const values = await valuesOf(samples);
    expect(await valuesOf(samples)).toEqual(values);
    return values;
  };
  const wanted = await read();
  expect(await read(100)).toEqual(wanted);
  await emptied();
});

test('what is left of a synthesis that fails is removed', async () => {
  const failing: Synthesizer = {
    ...fast,
    async synthesize(_model, _request, { checkpoint }) {
      await checkpoint?.write('a', Uint8Array.of(1));
      expect(await kept()).toHaveLength(1);
      throw new DatafreeError('not-finite', 'The loss is NaN.');
    },
  };
  const run = synthesize({ ...base, synthesizer: spilling(failing, 100) });
  await expect(run).rejects.toMatchObject({ code: 'not-finite', plugin: 'bns' });
  expect(await kept()).toEqual([]);
});

test('samples over the bound are told by their number: those of compress and synthesize too', async () => {
  const asked: boolean[] = [];
  const spy: Synthesizer = {
    ...gaussian(),
    async synthesize(own, request, context) {
      asked.push(context.checkpoint !== undefined);
      return gaussian().synthesize(own, { count: request.count }, context);
    },
  };
  // 3 × 8 × 8 values of 4 bytes: 256 MiB are 349 525 samples.
  const quick = quantizer();
  const few: typeof quick = { ...quick, quantize: (own, set, context) => quick.quantize(own, first(set), context) };
  for (const count of [349_525, 349_526]) {
    await synthesize({ ...base, synthesizer: spy, count });
    await compress({ ...base, synthesizer: spy, count, quantizer: few });
  }
  expect(asked).toEqual([false, false, true, true]);
});

/** The first samples of a set. */
function first(set: SampleSet): SampleSet {
  return {
    ...set,
    count: 4,
    async *batches() {
      for await (const batch of set.batches(4)) {
        yield batch;
        return;
      }
    },
  };
}

test('a plugin keeps what else it has, and what is none is refused as ever', async () => {
  class Own {
    #problem = 'Hardmax is not known.';
    kind = 'synthesizer';
    name = 'own';
    apiVersion = 1;
    supports = fast.supports;
    options = {};
    check(): void {
      throw new DatafreeError('operator-unknown', this.#problem);
    }
    async synthesize(): Promise<SampleSet> {
      throw new Error(this.#problem);
    }
  }
  const own = new Own() as unknown as Synthesizer;
  expect(() => spilling(own).check?.(model)).toThrow(expect.objectContaining({ code: 'operator-unknown' }));
  await expect(synthesize({ ...base, synthesizer: own })).rejects.toMatchObject({ plugin: 'own' });
  for (const synthesizer of [undefined, null, bns, {}]) {
    const run = synthesize({ ...base, synthesizer: synthesizer as never });
    await expect(run).rejects.toMatchObject({ code: 'plugin-invalid' });
  }
  await expect(synthesize(undefined as never)).rejects.toMatchObject({ code: 'option-invalid' });
});
