import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { freeName, hold, isHeld, letGo } from './held.ts';

test('a name is held until its work is done, and no two are the same', () => {
  const [one, two] = [hold('bns_s0', '.run'), hold('bns_s0', '.run')];
  expect(one).not.toBe(two);
  expect([one, two].map(freeName)).toEqual(['bns_s0.run', 'bns_s0.run']);
  expect([one, two].map(isHeld)).toEqual([true, true]);
  letGo(one);
  expect([one, two].map(isHeld)).toEqual([false, true]);
  letGo(two);
});

test('a name of another process is held as long as it runs', () => {
  const ended = spawnSync(process.execPath, ['--version']).pid;
  expect(isHeld(`bns_s0.${ended}-0123456789ab.run`)).toBe(false);
  expect(isHeld(`bns_s0.${process.ppid}-0123456789ab.run`)).toBe(true);
});

test('other names are not held, and keep their names', () => {
  for (const name of ['bns_s0.run', 'bns_w8a8_s0.json', 'notes.txt']) {
    expect(isHeld(name)).toBe(false);
    expect(freeName(name)).toBe(name);
  }
});
