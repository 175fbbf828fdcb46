import type { Operator } from '../graph/operator.ts';

/** How many inputs an operator takes at least and at most; those beyond the least may be left out. */
type Count = NonNullable<Operator['operands']>;

/** Operators of ONNX by how many inputs opset 21 gives them, where it is not one. */
const groups: readonly (readonly [Count, string])[] = [
  [[0, 0], 'Constant'],
  [
    [1, 2],
    'Split Squeeze Trilu ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ' +
      'ReduceSum ReduceSumSquare',
  ],
  [[1, 3], 'Clip Dropout'],
  [[1, 4], 'Resize'],
  [[1, Number.POSITIVE_INFINITY], 'Concat Max Mean Min Sum'],
  [
    [2, 2],
    'Add And CastLike CumSum Div Equal Expand Gather GatherElements GatherND Greater GreaterOrEqual Less ' +
      'LessOrEqual MatMul Mod Mul Or PRelu Pow Reshape ReverseSequence Sub Tile TopK Unsqueeze Xor',
  ],
  [[2, 3], 'Conv ConvTranspose DequantizeLinear Gemm LayerNormalization QuantizeLinear'],
  [[2, 4], 'Pad'],
  [[3, 3], 'GroupNormalization InstanceNormalization OneHot Range ScatterElements ScatterND Where'],
  [[3, 5], 'Slice'],
  [[5, 5], 'BatchNormalization'],
];

const counts: ReadonlyMap<string, Count> = new Map(
  groups.flatMap(([count, types]) => types.split(' ').map((type) => [type, count] as const)),
);

/** An operator of ONNX with the number of its inputs. */
export function withOperands(operator: Operator): Operator {
  return { operands: counts.get(operator.type) ?? [1, 1], ...operator };
}
