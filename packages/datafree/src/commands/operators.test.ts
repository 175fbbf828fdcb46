import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elementTypeCodes } from '@datafree/core';
import { encodeNpy } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import type { Graph, Node } from '@datafree/plugin';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { network, sampleShape, withOperator } from '../testing/models.ts';
import { runHere } from '../testing/terminal.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-operators-'));
  const hardmax = withOperator(network(), { op: 'Hardmax', name: 'my_hardmax' });
  await writeFile(at('hardmax.onnx'), encodeModel({ ...hardmax, nodes: named(hardmax.nodes) }));
  const custom = withOperator(network(), { op: 'Wobble', domain: 'my.ops' });
  await writeFile(at('custom.onnx'), encodeModel({ ...custom, opset: { ...custom.opset, 'my.ops': 1 } }));
  await writeFile(at('scatter.onnx'), encodeModel(scattered(network({ batch: 1 }))));
  const [count, size] = [4, sampleShape.reduce((product, length) => product * length, 1)];
  const data = new Float32Array(count * size);
  await writeFile(at('data.npy'), encodeNpy({ dtype: 'float32', dims: [count, ...sampleShape], data }));
  await writeFile(at('mask.onnx'), encodeModel(masked(network())));
});
afterAll(() => rm(folder, { recursive: true }));

/** Each node under a name of its own. */
const named = (nodes: readonly Node[]) => nodes.map((node, i) => ({ ...node, name: `${node.name}_${i}` }));

/** The network of whether its input is a number: no value has a derivative. */
function masked(graph: Graph): Graph {
  const node = (op: string, from: string, to: string, attributes: Node['attributes'] = {}): Node => {
    return { op, domain: '', name: `my_${op}`, inputs: [from], outputs: [to], attributes };
  };
  const nodes = graph.nodes.map((own) => ({
    ...own,
    inputs: own.inputs.map((name) => (name === 'input' ? 'mask' : name)),
  }));
  const to = { type: 'int', value: elementTypeCodes.float32 } as const;
  return { ...graph, nodes: [node('IsNaN', 'input', 'bits'), node('Cast', 'bits', 'mask', { to }), ...nodes] };
}

/** The network with an operator that has a derivative, but not in this form. */
function scattered(graph: Graph): Graph {
  const [relu] = graph.nodes.filter(({ op }) => op === 'Relu') as [Node];
  const initializers = new Map(graph.initializers)
    .set('at', { dtype: 'int64', dims: [1, 1, 1, 1], data: new BigInt64Array(1) })
    .set('by', { dtype: 'float32', dims: [1, 1, 1, 1], data: Float32Array.of(2) });
  const scatter: Node = {
    op: 'ScatterElements',
    domain: '',
    name: 'my_scatter',
    inputs: ['rectified', 'at', 'by'],
    outputs: relu.outputs,
    attributes: { reduction: { type: 'string', value: 'mul' } },
  };
  const nodes = graph.nodes.flatMap((node) =>
    node === relu ? [{ ...node, outputs: ['rectified'] }, scatter] : [node],
  );
  return { ...graph, initializers, nodes };
}

/** Runs a command that fails and leaves nothing. */
async function failure(...args: string[]): Promise<object> {
  const before = await readdir(folder);
  const { code, json } = await runHere([...args, '--json']);
  expect(code).toBe(1);
  expect(await readdir(folder)).toEqual(before);
  return json<{ error: object }>().error;
}

test.each(['hardmax', 'custom'])('%s, which is not known, is refused before anything is written', async (name) => {
  const gaussian = ['-o', at('small.onnx'), '--method', 'gaussian', '--samples', '4'];
  const error = { code: 'operator-unknown', op: name === 'custom' ? 'Wobble' : 'Hardmax', plugin: 'quantizer' };
  for (let run = 0; run < 2; run++) {
    expect(await failure('compress', at(`${name}.onnx`), ...gaussian)).toMatchObject(error);
  }
  const grid = ['--data', at('data.npy'), '--run', at('grid'), '--methods', 'gaussian', '--samples', '4'];
  expect(await failure('compare', at(`${name}.onnx`), ...grid)).toMatchObject(error);
});

test('a network without derivative is refused before anything is written', async () => {
  const error = { code: 'operator-no-gradient', node: 'my_IsNaN', op: 'IsNaN', plugin: 'bns' };
  expect(await failure('synthesize', at('mask.onnx'), '-o', at('samples'), '--samples', '4')).toMatchObject(error);
  expect(await failure('synthesize', at('scatter.onnx'), '-o', at('samples'), '--samples', '1')).toMatchObject({
    code: 'operator-no-gradient',
    node: 'my_scatter',
    message: expect.not.stringContaining('network/'),
  });
});

test('inspect lists the nodes that stand in the way, and of what', async () => {
  const problems = async (name: string) => {
    const { code, json } = await runHere(['inspect', at(name), '--json']);
    expect(code).toBe(0);
    return json<{ problems: object[] }>().problems;
  };
  const unknown = { code: 'operator-unknown', prevents: ['synthesis by gradients', 'quantisation'] };
  const found = await problems('hardmax.onnx');
  expect(found).toHaveLength(3);
  expect(found).toMatchObject([
    { ...unknown, op: 'Hardmax', node: expect.stringMatching(/^my_hardmax_\d+$/) },
    { ...unknown },
    { ...unknown },
  ]);
  expect(await problems('custom.onnx')).toMatchObject([{ ...unknown, op: 'my.ops:Wobble' }, {}, {}]);
  expect(await problems('scatter.onnx')).toEqual([
    expect.objectContaining({ code: 'operator-no-gradient', node: 'my_scatter', prevents: ['synthesis by gradients'] }),
  ]);
  expect(await problems('mask.onnx')).toEqual([
    expect.objectContaining({
      code: 'operator-no-gradient',
      node: 'my_IsNaN',
      op: 'IsNaN',
      prevents: ['synthesis by gradients'],
    }),
  ]);
});
