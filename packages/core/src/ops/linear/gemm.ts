import { DatafreeError, type Node } from '@datafree/plugin';
import { attributes, float, floatOf, int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { broadcastShape, mapBroadcast, unbroadcast } from '../elementwise/broadcast.ts';
import { mul } from '../elementwise/mul.ts';

/** Options of {@link gemm}. */
export interface GemmOptions {
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
  readonly transA?: boolean | undefined;
  readonly transB?: boolean | undefined;
}

/**
 * `alpha · A · B + beta · C`, where A [M, K] and B [K, N] may be given transposed and C broadcasts to [M, N].
 *
 * @throws `shape-mismatch`
 */
export function gemm(b: GraphBuilder, left: Value, right: Value, c?: Value, options: GemmOptions = {}): Value {
  const { alpha = 1, beta = 1, transA = false, transB = false } = options;
  return b.op(
    'Gemm',
    c === undefined ? [left, right] : [left, right, c],
    attributes({
      alpha: alpha === 1 ? undefined : float(alpha),
      beta: beta === 1 ? undefined : float(beta),
      transA: transA ? int(1) : undefined,
      transB: transB ? int(1) : undefined,
    }),
  );
}

/**
 * Gemm. Derivatives of `Y = alpha · A · B + beta · C`: `dA = alpha · dY · Bᵀ`, `dB = alpha · Aᵀ · dY` (the transpose
 * of these where the input is transposed), `dC = beta · dY` summed over broadcast axes.
 */
export const gemmOperator: Operator = {
  type: 'Gemm',
  infer: ({ node, inputs: [left, right, c] }) => {
    const { rows, columns } = sizesOf(node, left!.shape, right!.shape);
    if (c !== undefined && String(broadcastShape(c.shape, [rows, columns])) !== String([rows, columns])) {
      throw new DatafreeError('shape-mismatch', `C [${c.shape}] does not broadcast to [${rows},${columns}].`);
    }
    return [{ dtype: left!.dtype, shape: [rows, columns] }];
  },
  gradient: ({ builder: b, node, inputs, wanted }, [dy]) => {
    const [left, right, c] = inputs as [Value, Value, Value | undefined];
    const { alpha, beta, transA, transB } = optionsOf(node);
    const byLeft = () =>
      transA
        ? gemm(b, right, dy!, undefined, { alpha, transA: transB, transB: true })
        : gemm(b, dy!, right, undefined, { alpha, transB: !transB });
    const byRight = () =>
      transB
        ? gemm(b, dy!, left, undefined, { alpha, transA: true, transB: transA })
        : gemm(b, left, dy!, undefined, { alpha, transA: !transA });
    return [
      wanted[0] ? byLeft() : undefined,
      wanted[1] ? byRight() : undefined,
      wanted[2] ? unbroadcast(b, beta === 1 ? dy! : mul(b, dy!, beta), c!.shape) : undefined,
    ];
  },
  evaluate: ({ node, inputs: [left, right, c] }) => {
    const { alpha, beta, transA, transB } = optionsOf(node);
    const { rows, inner, columns } = sizesOf(node, left!.dims, right!.dims);
    const a = numbersOf(left!);
    const d = numbersOf(right!);
    const [aRow, aInner] = transA ? [1, rows] : [inner, 1];
    const [dInner, dColumn] = transB ? [1, inner] : [columns, 1];
    const product = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < inner; k++) {
        const factor = alpha * a[i * aRow! + k * aInner!]!;
        for (let j = 0; j < columns; j++) product[i * columns + j]! += factor * d[k * dInner! + j * dColumn!]!;
      }
    }
    const scaled = tensorOf('float64', [rows, columns], product);
    if (c === undefined) return [tensorOf(left!.dtype, [rows, columns], product)];
    return [mapBroadcast([scaled, c], (x, y) => x + beta * y, left!.dtype)];
  },
};

function optionsOf(node: Node): Required<{ [K in keyof GemmOptions]: NonNullable<GemmOptions[K]> }> {
  return {
    alpha: floatOf(node, 'alpha', 1),
    beta: floatOf(node, 'beta', 1),
    transA: intOf(node, 'transA', 0) !== 0,
    transB: intOf(node, 'transB', 0) !== 0,
  };
}

function sizesOf(node: Node, left: readonly number[], right: readonly number[]) {
  const { transA, transB } = optionsOf(node);
  const [rows, inner] = transA ? [left[1], left[0]] : left;
  const [depth, columns] = transB ? [right[1], right[0]] : right;
  if (left.length !== 2 || right.length !== 2 || inner !== depth) {
    const marked = (shape: readonly number[], flag: boolean) => `[${shape}]${flag ? 'ᵀ' : ''}`;
    throw new DatafreeError(
      'shape-mismatch',
      `${marked(left, transA)} and ${marked(right, transB)} cannot be multiplied.`,
    );
  }
  return { rows: rows!, inner: inner!, columns: columns! };
}
