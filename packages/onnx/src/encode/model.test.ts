import { allocate, attribute, elementCount, elementTypeCodes } from '@datafree/core';
import type { Attribute, DType, Graph, Node, Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeModel } from '../decode/model.ts';
import { codeOf, graph, node, normal, runOrt } from '../fixture.ts';
import { encodeModel } from './model.ts';

const dtypes = Object.keys(elementTypeCodes) as DType[];

const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom(...dtypes),
    fc.array(fc.nat(3), { maxLength: 3 }),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
  )
  .map(([dtype, dims, noise]) => {
    const data = allocate(dtype, elementCount(dims));
    if (Array.isArray(data)) return { dtype, dims, data: data.map((_, i) => `é${noise[i % 8]}`) } as Tensor;
    // Small whole numbers: no NaN, which is refused, and no set bits beyond the last 4-bit element.
    const numbers = data as Uint8Array | BigInt64Array;
    const value = (i: number) => (dtype === 'int4' || dtype === 'uint4' ? 0 : (noise[i % 8] as number) % 2);
    for (let i = 0; i < numbers.length; i++)
      numbers[i] = numbers instanceof BigInt64Array || numbers instanceof BigUint64Array ? BigInt(value(i)) : value(i);
    return { dtype, dims, data: numbers } as Tensor;
  });

const whole = fc.maxSafeInteger();
const single = fc.float({ noNaN: true });
const attributes: fc.Arbitrary<Record<string, Attribute>> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.oneof(
    whole.map(attribute.int),
    single.map(attribute.float),
    fc.string({ unit: 'grapheme' }).map(attribute.string),
    fc.array(whole).map(attribute.ints),
    fc.array(single).map(attribute.floats),
    fc.array(fc.string()).map((value): Attribute => ({ type: 'strings', value })),
    tensor.map(attribute.tensor),
  ),
  { noNullPrototype: true },
);

/** A chain of made-up operators with initializers between. */
const graphs: fc.Arbitrary<Graph> = fc
  .tuple(
    fc.array(fc.tuple(attributes, tensor, fc.boolean()), { minLength: 1, maxLength: 5 }),
    fc.constantFrom<readonly (string | number)[]>(['N', 3], ['...'], [], [1, 'h', 'w']),
  )
  .map(([parts, shape]) => {
    const initializers: Record<string, Tensor> = {};
    const nodes = parts.map(([attributes, weights, skips], i): Node => {
      initializers[`w${i}`] = weights;
      const inputs = [i === 0 ? 'x' : `v${i - 1}`, ...(skips ? ['', `w${i}`] : [`w${i}`])];
      const outputs = [i === parts.length - 1 ? 'y' : `v${i}`];
      return {
        ...node('Made', inputs, outputs),
        domain: i % 2 === 0 ? 'own' : 'com.microsoft',
        name: `n${i}`,
        attributes,
      };
    });
    const domains = [...new Set(nodes.map(({ domain }) => domain))];
    return {
      ...graph({ input: shape, nodes, initializers }),
      opset: { '': 21, ...Object.fromEntries(domains.map((domain) => [domain, 1])) },
      metadata: new Map([['licence', 'MIT']]),
    };
  });

describe('encodeModel', () => {
  it('refuses a model in the place of its graph', () => {
    const own = graph({ nodes: [node('Relu', ['x'], ['y'])] });
    for (const wrong of [undefined, { graph: own }, new Uint8Array(4)]) {
      expect(() => encodeModel(wrong as never)).toThrow(
        expect.objectContaining({ code: 'option-invalid', path: 'graph' }),
      );
    }
  });

  it('writes what decodeModel reads', () => {
    fc.assert(
      fc.property(graphs, (original) => {
        expect(decodeModel(encodeModel(original))).toEqual(original);
      }),
      { numRuns: 100 },
    );
  });

  it('writes the same bytes for the same graph', () => {
    fc.assert(
      fc.property(graphs, (original) => {
        expect(encodeModel(structuredClone(original))).toEqual(encodeModel(original));
      }),
      { numRuns: 20 },
    );
  });

  it('drops optional inputs and outputs at the end', () => {
    const parts = { nodes: [node('Clip', ['x', '', ''], ['y', ''])] };
    const read = decodeModel(encodeModel(graph(parts)), { lift: false });
    expect([read.nodes[0]?.inputs, read.nodes[0]?.outputs]).toEqual([['x'], ['y']]);
  });

  it('writes negative axes that onnxruntime understands', async () => {
    const softmax = graph({ input: ['N', 4], nodes: [node('Softmax', ['x'], ['y'], { axis: -1 })] });
    const { y } = await runOrt(softmax, { x: normal([2, 4]) });
    const rows = y?.data as Float32Array;
    expect(rows.slice(0, 4).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  it('takes the file format that came with the opset', () => {
    // ir_version is the first field: its key, then its value.
    const irVersion = (opset: number) => encodeModel(graph({ nodes: [node('Relu', ['x'], ['y'])], opset }))[1];
    expect([9, 10, 11, 13, 17, 20, 21].map(irVersion)).toEqual([4, 5, 6, 7, 8, 9, 10]);
  });

  it('refuses more than 2 GB and says how much it is', () => {
    const weights: Tensor = { dtype: 'uint8', dims: [2 ** 31], data: new Uint8Array(2 ** 31) };
    const large = graph({ nodes: [node('Relu', ['x'], ['y'])], initializers: { weights } });
    expect(codeOf(() => encodeModel(large))).toBe('model-too-large');
    expect(() => encodeModel(large)).toThrow(/2\.15 GB/);
  });
});
