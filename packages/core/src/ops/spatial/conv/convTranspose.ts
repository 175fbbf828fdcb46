import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { intOf, intsOf, stringOf } from '../../../graph/attributes.ts';
import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Operator, Value } from '../../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../../tensor.ts';
import { channelSum } from '../../normalization/perChannel.ts';
import { fit } from '../fit.ts';
import {
  distribute,
  extents,
  neededEnds,
  spatialOf,
  staysBefore,
  steps,
  type Window,
  windowOf,
  windowTaps,
} from '../window.ts';
import { checkBias, checkKernel } from './conv.ts';
import { conv } from './convNodes.ts';
import type { Convolution } from './convolution.ts';
import { convWeightGradient } from './weightGradient.ts';

/**
 * ConvTranspose: the derivative of Conv by its input, as an operator. Its own derivatives are the convolution of the
 * adjoint by the input, and the correlation of adjoint and input by the weights.
 */
export const convTransposeOperator: Operator = {
  type: 'ConvTranspose',
  infer: ({ node, inputs: [x, w, bias] }) => {
    const { input, groups } = transposedOf(node, x!.shape, w!.shape);
    const filters = w!.shape[1]! * groups;
    checkBias(bias?.shape, filters);
    return [{ dtype: x!.dtype, shape: [x!.shape[0]!, filters, ...input] }];
  },
  gradient: ({ builder: b, node, inputs, wanted }, [dy]) => {
    const [x, w] = inputs as [Value, Value];
    const convolution = transposedOf(node, x.shape, w.shape);
    return [
      wanted[0] ? forward(b, dy!, w, convolution) : undefined,
      wanted[1] ? convWeightGradient(b, dy!, x, convolution) : undefined,
      wanted[2] ? channelSum(b, dy!) : undefined,
    ];
  },
  evaluate: ({ node, inputs: [x, w, bias] }) => [
    evaluate(transposedOf(node, x!.dims, w!.dims), x!, w!, bias && numbersOf(bias)),
  ],
};

/** The convolution whose transpose the node is: its `input` is the node's output. */
function transposedOf(node: Node, x: readonly number[], w: readonly number[]): Convolution {
  const output = spatialOf(x);
  const groups = intOf(node, 'group', 1);
  if (w.length !== x.length || x[1] !== w[0] || w[0]! % groups !== 0) {
    const what = `${groups} ${groups === 1 ? 'group' : 'groups'}`;
    throw new DatafreeError('shape-mismatch', `the input [${x}] does not fit weights [${w}] in ${what}.`);
  }
  const kernel = w.slice(2);
  checkKernel(node, kernel);
  const { window, input } = placed(node, output, kernel);
  return { ...window, groups, input, output };
}

/** Padding and output sizes: `(size − 1) · stride + extent + output_padding − padding`, or as `output_shape` says. */
function placed(node: Node, sizes: readonly number[], kernel: readonly number[]): { window: Window; input: number[] } {
  const { strides, dilations } = steps(node, sizes.length);
  const extent = extents({ kernel, dilations });
  const none = sizes.map(() => 0);
  const extra = intsOf(node, 'output_padding', none);
  const full = sizes.map((size, axis) => (size - 1) * strides[axis]! + extent[axis]! + (extra[axis] ?? 0));
  const automatic = stringOf(node, 'auto_pad', 'NOTSET');
  const same = automatic.startsWith('SAME');
  const wanted = same ? sizes.map((size, axis) => size * strides[axis]!) : undefined;
  const shape = node.attributes.output_shape ? intsOf(node, 'output_shape').slice(-sizes.length) : wanted;
  if (
    extra.length !== sizes.length ||
    extra.some((cells, axis) => cells < 0 || cells >= Math.max(strides[axis]!, dilations[axis]!))
  ) {
    throw new DatafreeError('attribute-invalid', `output_padding [${extra}] is not below the stride or the dilation.`);
  }
  if (shape === undefined) {
    const window = windowOf(node, sizes, kernel);
    return { window, input: checked(full.map((size, axis) => size - window.begins[axis]! - window.ends[axis]!)) };
  }
  const totals = full.map((size, axis) => {
    const total = size - shape[axis]!;
    if (total >= 0 || same) return Math.max(0, total);
    throw new DatafreeError('shape-mismatch', `output_shape [${shape}] is larger than the [${full}] that is reached.`);
  });
  // Without auto_pad the odd cell of padding stands at the beginning.
  const pads = distribute(automatic === 'SAME_UPPER' ? 'SAME_UPPER' : 'SAME_LOWER', totals);
  return {
    window: { kernel, strides, dilations, ...pads },
    input: checked(full.map((size, axis) => size - totals[axis]!)),
  };
}

function checked(sizes: number[]): number[] {
  if (sizes.every((size) => size >= 1)) return sizes;
  throw new DatafreeError('shape-mismatch', `the output would be [${sizes}].`);
}

/** The convolution of [N, M, …input] to [N, C, …output], the end padded or cut as its number of places needs. */
function forward(b: GraphBuilder, dy: Value, w: Value, convolution: Convolution): Value {
  const { strides, dilations, begins, groups, output } = convolution;
  if (staysBefore(convolution)) return b.constant(tensorOf(dy.dtype, [dy.shape[0]!, w.shape[0]!, ...output], []));
  const ends = neededEnds(convolution);
  const cut = fit(
    b,
    dy,
    begins.map(() => 0),
    ends.map((n) => Math.min(0, n)),
  );
  const pads = [...begins, ...ends.map((n) => Math.max(0, n))];
  return conv(b, cut, w, undefined, { strides, dilations, pads, groups });
}

function evaluate(convolution: Convolution, x: Tensor, w: Tensor, bias: ArrayLike<number> | undefined): Tensor {
  const { input, output, groups } = convolution;
  const [samples, channels] = x.dims as [number, number];
  const depth = w.dims[1]!;
  const filters = depth * groups;
  const taps = windowTaps(convolution);
  const cells = elementCount(input);
  const count = elementCount(output);
  const kernel = elementCount(convolution.kernel);
  const data = numbersOf(x);
  const weights = numbersOf(w);
  const result = new Float64Array(samples * filters * cells);
  for (let i = 0; i < result.length; i++) result[i] = bias?.[Math.floor(i / cells) % filters] ?? 0;
  for (let n = 0; n < samples; n++) {
    for (let c = 0; c < channels; c++) {
      const from = (n * channels + c) * count;
      const first = Math.floor(c / (channels / groups)) * depth;
      for (let m = 0; m < depth; m++) {
        const to = (n * filters + first + m) * cells;
        for (let k = 0; k < kernel; k++) {
          const weight = weights[(c * depth + m) * kernel + k]!;
          for (let o = 0; o < count; o++) {
            const tap = taps[k * count + o]!;
            if (tap >= 0) result[to + tap]! += weight * data[from + o]!;
          }
        }
      }
    }
  }
  return tensorOf(x.dtype, [samples, filters, ...input], result);
}
