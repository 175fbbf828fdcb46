import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { intOf, intsOf } from '../../../graph/attributes.ts';
import type { Operator, Value } from '../../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../../tensor.ts';
import { channelSum } from '../../normalization/perChannel.ts';
import { places, spatialOf, windowOf, windowTaps } from '../window.ts';
import type { Convolution } from './convolution.ts';
import { convInputGradient } from './inputGradient.ts';
import { convWeightGradient } from './weightGradient.ts';

/**
 * Conv in 1 or more spatial dimensions. Derivatives: by the input the transposed convolution of the adjoint, by the
 * weights the correlation of input and adjoint, by the bias the sum of the adjoint over samples and places.
 */
export const convOperator: Operator = {
  type: 'Conv',
  infer: ({ node, inputs: [x, w, bias] }) => {
    const { output } = convolutionOf(node, x!.shape, w!.shape);
    checkBias(bias?.shape, w!.shape[0]!);
    return [{ dtype: x!.dtype, shape: [x!.shape[0]!, w!.shape[0]!, ...output] }];
  },
  gradient: ({ builder, node, inputs, wanted }, [dy]) => {
    const [x, w] = inputs as [Value, Value];
    const convolution = convolutionOf(node, x.shape, w.shape);
    return [
      wanted[0] ? convInputGradient(builder, dy!, w, convolution) : undefined,
      wanted[1] ? convWeightGradient(builder, x, dy!, convolution) : undefined,
      wanted[2] ? channelSum(builder, dy!) : undefined,
    ];
  },
  evaluate: ({ node, inputs: [x, w, bias] }) => [
    evaluate(convolutionOf(node, x!.dims, w!.dims), x!, w!, bias && numbersOf(bias)),
  ],
};

/** The arithmetic of a Conv node. @throws `shape-mismatch`, `attribute-invalid` */
function convolutionOf(node: Node, x: readonly number[], w: readonly number[]): Convolution {
  const input = spatialOf(x);
  const groups = intOf(node, 'group', 1);
  if (w.length !== x.length) {
    throw new DatafreeError('shape-mismatch', `the input has rank ${x.length}, the weights have rank ${w.length}.`);
  }
  const kernel = w.slice(2);
  checkKernel(node, kernel);
  if (x[1] !== w[1]! * groups || w[0]! % groups !== 0) {
    throw new DatafreeError(
      'shape-mismatch',
      `${x[1]} input channels do not fit weights [${w}] in ${groups} ${groups === 1 ? 'group' : 'groups'}.`,
    );
  }
  const window = windowOf(node, input, kernel);
  return { ...window, groups, input, output: places(window, input) };
}

/** @throws `attribute-invalid` when the attribute kernel_shape says something else than the weights */
export function checkKernel(node: Node, kernel: readonly number[]): void {
  const declared = intsOf(node, 'kernel_shape', kernel);
  if (String(declared) === String(kernel)) return;
  throw new DatafreeError('attribute-invalid', `kernel_shape is [${declared}], the weights have [${kernel}].`);
}

/** @throws `shape-mismatch` when there is a bias that is not one value a channel */
export function checkBias(bias: readonly number[] | undefined, channels: number): void {
  if (bias === undefined || (bias.length === 1 && bias[0] === channels)) return;
  throw new DatafreeError(
    'shape-mismatch',
    `the bias is [${bias}]; one value for each of ${channels} channels is needed.`,
  );
}

function evaluate(convolution: Convolution, x: Tensor, w: Tensor, bias: ArrayLike<number> | undefined): Tensor {
  const { input, output, groups } = convolution;
  const [samples, channels] = x.dims as [number, number];
  const [filters, depth] = w.dims as [number, number];
  const taps = windowTaps(convolution);
  const cells = elementCount(input);
  const count = elementCount(output);
  const kernel = elementCount(convolution.kernel);
  const data = numbersOf(x);
  const weights = numbersOf(w);
  const result = new Float64Array(samples * filters * count);
  for (let n = 0; n < samples; n++) {
    for (let m = 0; m < filters; m++) {
      const to = (n * filters + m) * count;
      result.fill(bias?.[m] ?? 0, to, to + count);
      const first = Math.floor(m / (filters / groups)) * depth;
      for (let c = 0; c < depth; c++) {
        const from = (n * channels + first + c) * cells;
        for (let k = 0; k < kernel; k++) {
          const weight = weights[(m * depth + c) * kernel + k]!;
          for (let o = 0; o < count; o++) {
            const tap = taps[k * count + o]!;
            if (tap >= 0) result[to + o]! += weight * data[from + tap]!;
          }
        }
      }
    }
  }
  return tensorOf(x.dtype, [samples, filters, ...output], result);
}
