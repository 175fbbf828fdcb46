import type { Node } from '@datafree/plugin';
import { float, floatOf, int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { add } from '../elementwise/add.ts';
import { div } from '../elementwise/div.ts';
import { mul } from '../elementwise/mul.ts';
import { pow } from '../elementwise/pow.ts';
import { sub } from '../elementwise/sub.ts';
import { reshape } from '../layout/reshape.ts';
import { matMul } from '../linear/matMul.ts';

/** Options of {@link lrn}; the defaults are those of ONNX. */
export interface LrnOptions {
  /** How many channels are summed. */
  readonly size: number;
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
  readonly bias?: number | undefined;
}

/**
 * Local response normalisation of `x` [N, C, …] across channels (Krizhevsky et al. 2012, section 3.3):
 * `x / (bias + alpha / size · Σ x²) ^ beta`, the sum over the `size` channels around each.
 */
export function lrn(b: GraphBuilder, x: Value, options: LrnOptions): Value {
  const { size, alpha = 1e-4, beta = 0.75, bias = 1 } = options;
  return b.op('LRN', [x], { size: int(size), alpha: float(alpha), beta: float(beta), bias: float(bias) });
}

/**
 * LRN. With `D = bias + alpha / size · Σ x²`, the derivative is
 * `dx = dy / D^beta − 2 · alpha · beta / size · x · Σ (dy · y / D)`, the sum over the channels whose window holds this
 * one. Sums over channels are products with a band matrix.
 */
export const lrnOperator: Operator = {
  type: 'LRN',
  infer: ({ inputs: [x] }) => [x!],
  gradient: ({ builder: b, node, inputs: [x], outputs: [y] }, [dy]) => {
    const { size, alpha, beta, bias } = optionsOf(node);
    const channels = x!.shape[1]!;
    const rows = [x!.shape[0]!, channels, elementCount(x!.shape.slice(2))];
    const band = bandOf(channels, size);
    const sums = (value: Value, matrix: Float64Array) =>
      reshape(
        b,
        matMul(b, b.constant(tensorOf(x!.dtype, [channels, channels], matrix)), reshape(b, value, rows)),
        x!.shape,
      );
    const divisor = add(b, mul(b, sums(mul(b, x!, x!), band), alpha / size), b.scalar(bias, x!.dtype));
    const direct = div(b, dy!, pow(b, divisor, beta));
    const back = sums(div(b, mul(b, dy!, y!), divisor), transposed(band, channels));
    return [sub(b, direct, mul(b, mul(b, x!, back), (2 * alpha * beta) / size))];
  },
  evaluate: ({ node, inputs: [x] }) => {
    const { size, alpha, beta, bias } = optionsOf(node);
    const channels = x!.dims[1]!;
    const cells = elementCount(x!.dims.slice(2));
    const data = numbersOf(x!);
    const band = bandOf(channels, size);
    const y = Float64Array.from(data, (value, i) => {
      const c = Math.floor(i / cells) % channels;
      let squares = 0;
      for (let other = 0; other < channels; other++) {
        if (band[c * channels + other] === 1) squares += data[i + (other - c) * cells]! ** 2;
      }
      return value / (bias + (alpha / size) * squares) ** beta;
    });
    return [tensorOf(x!.dtype, x!.dims, y)];
  },
};

function optionsOf(node: Node) {
  return {
    size: intOf(node, 'size'),
    alpha: floatOf(node, 'alpha', 1e-4),
    beta: floatOf(node, 'beta', 0.75),
    bias: floatOf(node, 'bias', 1),
  };
}

/** [C, C]: 1 where the window of channel `row`, `⌊(size − 1) / 2⌋` before and `⌈(size − 1) / 2⌉` after, holds `column`. */
function bandOf(channels: number, size: number): Float64Array {
  const before = Math.floor((size - 1) / 2);
  const after = Math.ceil((size - 1) / 2);
  return Float64Array.from({ length: channels * channels }, (_, i) => {
    const offset = (i % channels) - Math.floor(i / channels);
    return Number(offset >= -before && offset <= after);
  });
}

function transposed(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((_, i) => matrix[(i % size) * size + Math.floor(i / size)]!);
}
