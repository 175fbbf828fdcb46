import type { Attributes } from '@datafree/plugin';
import { attributes, int, ints } from '../../../graph/attributes.ts';
import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';

/** Options of {@link conv} and {@link convTranspose}; lists have one entry a spatial axis. */
export interface ConvOptions {
  readonly strides?: readonly number[] | undefined;
  readonly dilations?: readonly number[] | undefined;
  /** Padding before each axis, then after each axis. */
  readonly pads?: readonly number[] | undefined;
  readonly groups?: number | undefined;
}

/**
 * Convolution (cross-correlation) of `x` [N, C, …] with `w` [M, C / groups, …], plus `bias` [M] (ONNX, "Conv"):
 * `y[n, m, o] = bias[m] + Σ_{c, k} x[n, c, o · stride + k · dilation − begin] · w[m, c, k]`.
 *
 * @throws `shape-mismatch`, `attribute-invalid`
 */
export function conv(b: GraphBuilder, x: Value, w: Value, bias?: Value, options: ConvOptions = {}): Value {
  return b.op('Conv', bias === undefined ? [x, w] : [x, w, bias], convAttributes(options));
}

/** The attributes of {@link ConvOptions}. */
function convAttributes({ strides, dilations, pads, groups = 1 }: ConvOptions): Attributes {
  return attributes({
    strides: strides && ints(strides),
    dilations: dilations && ints(dilations),
    pads: pads && ints(pads),
    group: groups === 1 ? undefined : int(groups),
  });
}

/** Options of {@link convTranspose}. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Cells added at the end of each axis, for sizes that a convolution would have rounded off. */
  readonly outputPadding?: readonly number[] | undefined;
}

/**
 * Transposed convolution of `x` [N, C, …] with `w` [C, M / groups, …], plus `bias` [M] (ONNX, "ConvTranspose"):
 * `y[n, m, i · stride + k · dilation − begin] += x[n, c, i] · w[c, m, k]`.
 *
 * @throws `shape-mismatch`, `attribute-invalid`
 */
export function convTranspose(
  b: GraphBuilder,
  x: Value,
  w: Value,
  bias?: Value,
  options: ConvTransposeOptions = {},
): Value {
  const padded = options.outputPadding?.some((cells) => cells !== 0) ? options.outputPadding : undefined;
  return b.op('ConvTranspose', bias === undefined ? [x, w] : [x, w, bias], {
    ...convAttributes(options),
    ...attributes({ output_padding: padded && ints(padded) }),
  });
}
