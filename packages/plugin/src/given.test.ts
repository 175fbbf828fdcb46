import { expect, it } from 'vitest';
import { checkGiven, isGraph } from './given.ts';
import { silentLogger } from './progress.ts';

const runtime = { compile() {}, supports: {} };
const context = { runtime, seed: 0, logger: silentLogger, onProgress() {} };
const graph = { name: '', inputs: [], outputs: [], nodes: [], initializers: new Map(), metadata: new Map(), opset: {} };

function refused(given: Parameters<typeof checkGiven>[1]): Record<string, unknown> | undefined {
  try {
    checkGiven('quantize', given);
    return undefined;
  } catch (error) {
    return (error as { toJSON(): Record<string, unknown> }).toJSON();
  }
}

it('takes a whole context, with and without what may be left out', () => {
  expect(refused({ context })).toBeUndefined();
  const { signal } = new AbortController();
  expect(
    refused({ context: { ...context, signal, checkpoint: { read() {}, write() {} }, threads: 2 } }),
  ).toBeUndefined();
});

it.each([
  [undefined, 'context', 'context: nothing was given where a context is needed'],
  [{}, 'context.runtime', 'context.runtime: nothing was given where a runtime is needed'],
  [{ ...context, runtime: () => runtime }, 'context.runtime', 'a function was given'],
  [{ ...context, seed: -1 }, 'context.seed', 'the number -1 was given where a whole number'],
  [{ ...context, logger: undefined }, 'context.logger', 'nothing was given where a logger'],
  [{ ...context, onProgress: undefined }, 'context.onProgress', 'nothing was given where a function'],
  [{ ...context, signal: new AbortController() }, 'context.signal', 'an AbortController was given'],
  [{ ...context, checkpoint: 'folder' }, 'context.checkpoint', 'the text "folder" was given'],
])('refuses the context %j at %s', (given, path, message) => {
  expect(refused({ context: given })).toMatchObject({ code: 'option-invalid', path });
  expect(refused({ context: given })?.message).toContain(`quantize: `);
  expect(refused({ context: given })?.message).toContain(message);
});

it('tells a graph from a model, from bytes and from what JSON makes of it', () => {
  expect(isGraph(graph)).toBe(true);
  for (const other of [undefined, new Uint8Array(3), { graph }, JSON.parse(JSON.stringify(graph))]) {
    expect(isGraph(other)).toBe(false);
  }
  expect(refused({ graph: { graph } })).toMatchObject({ code: 'option-invalid', path: 'graph' });
});
