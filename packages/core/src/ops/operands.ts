import type { Operator } from '../graph/operator.ts';

type ElementKind = NonNullable<Operator['elements']>;

/** How many inputs an operator takes at least and at most; those beyond the least may be left out. */
type Count = NonNullable<Operator['operands']>;

/** Operators of ONNX by how many inputs opset 21 gives them, where it is not one. */
const counts = byType<Count>([
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
]);

/** Operators of ONNX by the element types that opset 21 lets their first input have, where it is not any. */
const kinds = byType<ElementKind>([
  [
    'floating',
    'AveragePool BatchNormalization Ceil Celu Conv ConvTranspose Cos Elu Exp Floor Gelu GlobalAveragePool ' +
      'GlobalMaxPool GroupNormalization HardSigmoid HardSwish InstanceNormalization IsInf IsNaN LRN ' +
      'LayerNormalization LeakyRelu Log LogSoftmax Mean Mish Reciprocal Round Selu Sigmoid Sin Softmax Softplus ' +
      'Softsign Sqrt Tanh ThresholdedRelu',
  ],
  [
    'numeric',
    'Abs Add ArgMax ArgMin Clip CumSum Div Erf Gemm Greater GreaterOrEqual Less LessOrEqual MatMul Max MaxPool Min Mod ' +
      'Mul Neg PRelu Pow Range ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMean ReduceProd ReduceSum ' +
      'ReduceSumSquare Relu Sign Sub Sum TopK',
  ],
]);

function byType<T>(groups: readonly (readonly [T, string])[]): ReadonlyMap<string, T> {
  return new Map(groups.flatMap(([value, types]) => types.split(' ').map((type) => [type, value] as const)));
}

/** An operator of ONNX with the number of its inputs and what they hold. */
export function withOperands(operator: Operator): Operator {
  const elements = kinds.get(operator.type);
  return { operands: counts.get(operator.type) ?? [1, 1], ...(elements && { elements }), ...operator };
}
