/**
 * The opset of ai.onnx that an operator is new in, for those that opset 9 does not have
 * (ONNX, docs/Changelog.md: https://github.com/onnx/onnx/blob/main/docs/Changelog.md).
 */
export const introduced = {
  CastLike: 15,
  Celu: 12,
  CumSum: 11,
  DequantizeLinear: 10,
  DynamicQuantizeLinear: 11,
  GatherElements: 11,
  GatherND: 11,
  Gelu: 20,
  GreaterOrEqual: 12,
  GroupNormalization: 18,
  HardSwish: 14,
  IsInf: 10,
  LayerNormalization: 17,
  LessOrEqual: 12,
  Mish: 18,
  Mod: 10,
  QuantizeLinear: 10,
  Range: 11,
  Resize: 10,
  ReverseSequence: 10,
  Round: 11,
  ScatterElements: 11,
  ScatterND: 11,
  ThresholdedRelu: 10,
  Trilu: 14,
};

/** Operators that the reader says in others, opset 21 having none of that name (packages/onnx/src/lift). */
export const rewritten = [
  { op: 'RMSNormalization', opsets: '23–26', as: 'Mul, ReduceMean, Add, Sqrt, Div' },
  { op: 'Scatter', opsets: '9–10', as: 'ScatterElements' },
  { op: 'Swish', opsets: '24–26', as: 'Mul, Sigmoid' },
  { op: 'Upsample', opsets: '9', as: 'Resize' },
];
