import { bind, float32Of, interpret, numbersOf, scalarOf } from '@datafree/core';
import { encodeModel } from '@datafree/onnx';
import type { Graph, Model, Node, Quantized, Runtime, Tensor } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { quantizerSuite } from '@datafree/testkit';
import { describe, expect, it } from 'vitest';
import type { QuantizerOptions } from './options.ts';
import { quantizer } from './quantizer.ts';
import { contextOf, Network, noise, residualNetwork, samplesOf } from './testing/network.ts';
import { distance, outputOf } from './testing/run.ts';

const runtime = ort({ threads: 1 });
/** The runtime without what the report costs. */
const { optimized: _, ...plain } = runtime;

quantizerSuite({ describe, it }, quantizer, { runtime });

const inputs = noise([40, 3, 8, 8]);

function quantize(
  model: Model,
  options: QuantizerOptions = {},
  samples = inputs,
  on: Runtime = plain,
): Promise<Quantized> {
  return quantizer(options).quantize(model, samplesOf(samples), contextOf(on));
}

const reading = (graph: Graph, name: string): readonly Node[] =>
  graph.nodes.filter((node) => node.inputs.includes(name));

it('warns of an exclusion that matches no layer, with names that there are', async () => {
  const exclude = ['conv1', 'conv9', /^head/, /^conv/, () => false];
  const { warnings } = await quantize(residualNetwork(), { exclude });
  const names = 'There are "stem", "conv1", "conv2", "logits".';
  expect(warnings).toEqual([
    `exclude: "conv9" matches no layer. ${names}`,
    `exclude: /^head/ matches no layer. ${names}`,
    `exclude: the function matches no layer. ${names}`,
  ]);
});

it('warns when every layer is excluded', async () => {
  const { warnings } = await quantize(residualNetwork(), { exclude: [/./] });
  expect(warnings).toEqual(['exclude: no layer is left to quantise, so weights stay in floating point.']);
});

it('warns of a container that no weight fits', async () => {
  const packed = async (weights: number) =>
    (await quantize(residualNetwork(), { weights, container: 'int4' })).warnings;
  expect(await packed(5)).toEqual(['container: no weight has 4 bits or less, so none is stored as int4.']);
  expect(await packed(4)).toEqual([]);
  expect((await quantize(residualNetwork(), { weights: 5 })).warnings).toEqual([]);
});

describe('the quantised graph', () => {
  it('has one pair for each tensor, under the name of the tensor', async () => {
    const { graph } = await quantize(residualNetwork());
    const pairs = graph.nodes.filter((node) => node.op === 'QuantizeLinear');
    expect(pairs.map((node) => node.outputs[0])).toEqual([
      'x.q',
      'stem_relu.q',
      'conv1_relu.q',
      'conv2.q',
      'sum_relu.q',
      'pool.q',
      'flat.q',
    ]);
    expect(reading(graph, 'stem_relu').map((node) => node.name)).toEqual(['conv1', 'sum']);
    expect(graph.nodes.some((node) => node.op === 'Relu' || node.op === 'Clip')).toBe(false);
  });

  it('keeps inputs, outputs and the free batch axis, and stores equal zero points once', async () => {
    const model = residualNetwork();
    const { graph } = await quantize(model);
    expect(graph.inputs).toEqual(model.graph.inputs);
    expect(graph.outputs).toEqual(model.graph.outputs);
    const zeroPoints = [...graph.initializers.values()].filter(
      ({ dtype, dims }) => dtype === 'uint8' && dims.length === 0,
    );
    expect(new Set(zeroPoints.map(({ data }) => data[0])).size).toBe(zeroPoints.length);
  });

  it('gives every grid a step of its own, also where several have the same', async () => {
    const net = new Network([3, 8, 8]);
    const bounds = [net.constant('low', scalarOf('float32', 0)), net.constant('high', scalarOf('float32', 0.1))];
    const clipped = (x: string, output: string) => net.op('Clip', [x, ...bounds], output);
    const first = clipped(net.conv('x', [3, 4], 'first'), 'first_clip');
    net.conv(clipped(net.conv(first, [4, 4], 'second'), 'second_clip'), [4, 2], 'third');
    const { graph } = await quantize(net.model({ third: ['N', 2, 8, 8] }));
    const steps = graph.nodes.filter(({ op }) => op === 'QuantizeLinear').map(({ inputs }) => inputs[1] as string);
    const values = steps.map((name) => numbersOf(graph.initializers.get(name) as Tensor)[0]);
    expect(values[1]).toBe(values[2]);
    expect(new Set(steps).size).toBe(steps.length);
  });

  it('computes in onnxruntime what it says, at every width', async () => {
    const model = residualNetwork();
    const x = noise([3, 3, 8, 8], 3);
    for (const options of [{}, { weights: 4, activations: 4 }, { weights: 3, activations: 5 }, { symmetric: false }]) {
      const { graph } = await quantize(model, options);
      const reference = interpret(bind(graph, { N: 3 }), { x });
      const said = float32Of(reference.logits as Tensor);
      expect(distance(await outputOf(runtime, graph, model, x), said)).toBeLessThan(0.02);
    }
  });

  it('is near the network at 8 bits, less so the fewer they are', async () => {
    const model = residualNetwork();
    const exact = await outputOf(runtime, model.graph, model, inputs);
    const errors: number[] = [];
    for (const bits of [8, 6, 4, 2]) {
      const { graph } = await quantize(model, { weights: bits, activations: bits });
      errors.push(distance(await outputOf(runtime, graph, model, inputs), exact));
    }
    expect(errors[0]).toBeLessThan(0.02);
    expect([...errors].sort((a, b) => a - b)).toEqual(errors);
  });

  it('holds codes of the activation bits alone', async () => {
    const model = residualNetwork();
    const { graph } = await quantize(model, { activations: 4 });
    const codes = await outputOf(runtime, graph, model, inputs, 'stem_relu.clip');
    expect(Math.max(...codes)).toBe(15);
    expect(graph.nodes.some((node) => node.outputs[0] === 'x.clip')).toBe(false);
  });

  it('keeps 8 bits for what only a sum reads, unless it is asked for fewer', async () => {
    const model = residualNetwork();
    const highest = ({ graph }: Quantized, tensor: string): number => {
      const clip = graph.nodes.find(({ outputs }) => outputs[0] === `${tensor}.clip`);
      return numbersOf(graph.initializers.get(clip?.inputs[2] ?? '') ?? scalarOf('uint8', 255))[0] as number;
    };
    const tensors = ['x', 'stem_relu', 'conv1_relu', 'conv2', 'sum_relu', 'pool'];
    const wide = await quantize(model, { activations: 4 });
    expect(tensors.map((tensor) => highest(wide, tensor))).toEqual([255, 15, 15, 255, 15, 15]);
    const narrow = await quantize(model, { activations: 4, summands: 'activations' }, inputs, runtime);
    expect(tensors.map((tensor) => highest(narrow, tensor))).toEqual([255, 15, 15, 15, 15, 15]);
    expect(narrow.fusion?.float).toBe(0);
    const codes = await outputOf(runtime, narrow.graph, model, inputs, 'conv2.clip');
    expect(new Set(codes).size).toBeGreaterThan(8);
    expect(Math.max(...codes)).toBeLessThanOrEqual(15);
    const exact = await outputOf(runtime, model.graph, model, inputs);
    const [some, more] = [narrow, wide].map(({ graph }) => outputOf(runtime, graph, model, inputs));
    expect(distance((await some)!, exact)).toBeGreaterThan(distance((await more)!, exact));
  });

  it('gives first and last layers bits of their own, and weights 7 bits where processors saturate', async () => {
    const range = ({ graph }: Quantized, name: string): number =>
      Math.max(...Array.from(graph.initializers.get(`${name}.w.q`)?.data as Int8Array, Math.abs));
    const ends = await quantize(residualNetwork(), { weights: 3, firstLast: { weights: 8 } });
    expect(range(ends, 'stem')).toBe(127);
    expect(range(ends, 'logits')).toBe(127);
    expect(range(ends, 'conv1')).toBeLessThanOrEqual(4);
    expect(range(await quantize(residualNetwork(), { reduceRange: true }), 'conv1')).toBeLessThanOrEqual(64);
  });

  it('has the same bytes from the same samples, in any batches', async () => {
    const bytes = async (options: QuantizerOptions): Promise<Uint8Array> =>
      encodeModel((await quantize(residualNetwork(), options)).graph);
    const whole = await bytes({ batch: 40 });
    expect(await bytes({ batch: 40 })).toEqual(whole);
    for (const calibration of ['minmax', 'average', 'percentile', 'mse', 'entropy'] as const) {
      const one = await quantize(residualNetwork(), { calibration, batch: 40, biasCorrection: false });
      const many = await quantize(residualNetwork(), { calibration, batch: 7, biasCorrection: false });
      const scales = ({ graph }: Quantized): number[] =>
        [...graph.initializers]
          .filter(([name]) => name.endsWith('.scale'))
          .flatMap(([, { data }]) => Array.from(data as Float32Array));
      scales(many).forEach((scale, i) => {
        expect(scale).toBeCloseTo(scales(one)[i] as number, 4);
      });
    }
  });

  describe.each(['int4', 'uint4'] as const)('in %s', (container) => {
    const model = residualNetwork();

    it.each([4, 3, 2])('stores weights of %i bits two a byte, with the same values', async (weights) => {
      const wide = await quantize(model, { weights });
      const narrow = await quantize(model, { weights, container }, inputs, runtime);
      expect(narrow.graph.opset['']).toBe(21);
      for (const name of ['stem', 'conv1', 'conv2', 'logits']) {
        const { dtype, data } = narrow.graph.initializers.get(`${name}.w.q`)!;
        expect(dtype).toBe(container);
        expect(data.length).toBe(wide.graph.initializers.get(`${name}.w.q`)!.data.length / 2);
      }
      const [exact, got] = [wide, narrow].map(({ graph }) => outputOf(runtime, graph, model, inputs));
      expect(distance((await got)!, (await exact)!)).toBeLessThan(0.02);
      expect(narrow.fusion?.layers.find((layer) => layer.node === 'conv1')).toMatchObject({
        kernel: 'float',
        reason: expect.stringContaining('stored in 4 bits'),
      });
    });

    it('leaves weights of more bits a byte each', async () => {
      const { graph } = await quantize(model, { weights: 3, firstLast: { weights: 5 }, container });
      const types = ['stem', 'conv1', 'logits'].map((name) => graph.initializers.get(`${name}.w.q`)!.dtype);
      expect(types).toEqual(['int8', container, 'int8']);
    });
  });

  it.each([true, false])('has the same outputs in int4 and uint4 (symmetric: %s)', async (symmetric) => {
    const model = residualNetwork();
    for (const granularity of ['channel', 'tensor'] as const) {
      const options = { weights: 4, symmetric, granularity };
      const [signed, unsigned] = [
        await quantize(model, { ...options, container: 'int4' }),
        await quantize(model, { ...options, container: 'uint4' }),
      ];
      const codes = ({ graph }: Quantized) => Array.from(numbersOf(graph.initializers.get('conv1.w.q')!));
      expect(codes(unsigned)).toEqual(codes(signed).map((code) => code + 8));
      const outputs = await outputOf(runtime, signed.graph, model, inputs);
      expect(await outputOf(runtime, unsigned.graph, model, inputs)).toEqual(outputs);
      const { logits } = interpret(bind(unsigned.graph, { N: inputs.dims[0]! }), { x: inputs });
      expect(distance(outputs, float32Of(logits!))).toBeLessThan(0.02);
    }
  });
});

describe('what is hard to quantise', () => {
  it('channels whose weights are all but zero keep their bias', async () => {
    const net = new Network([3, 8, 8]);
    const c = net.conv('x', [3, 4], 'c');
    net.conv(net.op('Relu', [c], 'r'), [4, 2], 'y');
    const model = net.model({ y: ['N', 2, 8, 8] });
    const weights = model.graph.initializers.get('c.w') as Tensor<'float32'>;
    const bias = model.graph.initializers.get('c.b') as Tensor<'float32'>;
    weights.data.fill(0, 0, 27);
    for (let i = 27; i < 54; i++) weights.data[i] = 1e-30;
    bias.data.set([1.5, 2.5]);
    const { graph } = await quantize(model);
    const exact = await outputOf(runtime, model.graph, model, inputs);
    expect(distance(await outputOf(runtime, graph, model, inputs), exact)).toBeLessThan(0.02);
  });

  it('activations that are always zero get a usable grid and a warning', async () => {
    const net = new Network([3, 8, 8]);
    const dead = net.op(
      'Clip',
      [net.conv('x', [3, 4], 'c'), '', net.constant('top', { dtype: 'float32', dims: [], data: Float32Array.of(0) })],
      'neg',
    );
    net.conv(net.op('Relu', [dead], 'zero'), [4, 2], 'y');
    const model = net.model({ y: ['N', 2, 8, 8] });
    const { graph, warnings } = await quantize(model);
    expect(warnings).toEqual([expect.stringContaining('"zero"')]);
    expect((await outputOf(runtime, graph, model, inputs)).every(Number.isFinite)).toBe(true);
  });

  it('one sample, constant samples and values of any size', async () => {
    const model = residualNetwork();
    for (const scale of [1e-20, 0, 1, 1e20]) {
      const x = noise([1, 3, 8, 8]);
      x.data.forEach((value, i) => {
        x.data[i] = scale === 0 ? 0.5 : value * scale;
      });
      const { graph } = await quantize(model, {}, x);
      const [exact, got] = [await outputOf(runtime, model.graph, model, x), await outputOf(runtime, graph, model, x)];
      expect(distance(got, exact)).toBeLessThan(0.05);
    }
  });

  it('an activation that is not finite is named', async () => {
    const x = noise([4, 3, 8, 8]);
    x.data[300] = Number.NaN;
    await expect(quantize(residualNetwork(), {}, x)).rejects.toMatchObject({ code: 'not-finite', tensor: 'x' });
    const net = new Network([3, 8, 8]);
    const huge = net.op('Exp', [net.conv('x', [3, 4], 'c')], 'huge');
    net.conv(huge, [4, 2], 'y');
    x.data.forEach((_value, i) => {
      x.data[i] = 1e4;
    });
    await expect(quantize(net.model({ y: ['N', 2, 8, 8] }), {}, x)).rejects.toMatchObject({
      code: 'not-finite',
      tensor: 'huge',
    });
  });
});

describe('calibration', () => {
  it('holds one batch at a time, whatever is left over, and tells its progress', async () => {
    const sizes: number[] = [];
    const watched: Runtime = {
      ...plain,
      compile: async (graph, options) => {
        const session = await runtime.compile(graph, options);
        return {
          ...session,
          run: (feeds, outputs) => {
            sizes.push(feeds.x?.dims[0] as number);
            return session.run(feeds, outputs);
          },
        };
      },
    };
    const done: number[] = [];
    const context = contextOf(watched, { onProgress: (event) => done.push(event.done) });
    await quantizer({ batch: 16 }).quantize(residualNetwork(), samplesOf(inputs), context);
    expect(sizes).toEqual([16, 16, 16]);
    expect(done).toEqual([16, 32, 40]);
  });

  it('takes the mean error of rounded weights out of the biases', async () => {
    const model = residualNetwork(5);
    const exact = await outputOf(runtime, model.graph, model, inputs);
    const error = async (biasCorrection: boolean): Promise<number> => {
      const { graph } = await quantize(model, { weights: 3, symmetric: true, weightRange: 'minmax', biasCorrection });
      return distance(await outputOf(runtime, graph, model, inputs), exact);
    };
    expect(await error(true)).toBeLessThan(await error(false));
  });
});

describe('options', () => {
  it('are refused with their path when unknown or out of range', () => {
    expect(() => quantizer({ bits: 8 } as object)).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'bits' }),
    );
    expect(() => quantizer({ weights: 9 })).toThrowError(expect.objectContaining({ path: 'weights' }));
    expect(() => quantizer({ percentile: 10 })).toThrowError(expect.objectContaining({ path: 'percentile' }));
    expect(() => quantizer({ firstLast: { weights: 1 } })).toThrowError(
      expect.objectContaining({ path: 'firstLast.weights' }),
    );
  });

  it('are plain data where they are shown', () => {
    const { options } = quantizer({ exclude: ['a', /b/, (node) => node.op === 'Add'] });
    expect(JSON.parse(JSON.stringify(options))).toEqual(options);
  });
});
