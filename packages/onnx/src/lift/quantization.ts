import { attribute, elementTypeCodes } from '@datafree/core';
import { refuse } from './refuse.ts';
import { type LiftRule, type LiftRules, without } from './rule.ts';

/** QuantizeLinear: `precision`, new in 23, must be the type of the scale. */
const quantizeLinear: LiftRule = (node, context) => {
  const precision = attribute.intOf(node, 'precision', 0);
  if (precision !== 0 && precision !== elementTypeCodes[context.dtypeOf(node.inputs[1])]) {
    throw refuse(node, context.opset, 'it divides with a precision other than that of its scale');
  }
  return [{ ...node, attributes: without(node.attributes, 'precision') }];
};

/** DequantizeLinear: `output_dtype`, new in 23, must be the type of the scale. */
const dequantizeLinear: LiftRule = (node, context) => {
  const output = attribute.intOf(node, 'output_dtype', 0);
  if (output !== 0 && output !== elementTypeCodes[context.dtypeOf(node.inputs[1])]) {
    throw refuse(node, context.opset, 'its output is of another type than its scale');
  }
  return [{ ...node, attributes: without(node.attributes, 'output_dtype') }];
};

/** Cast: `round_mode`, new in 24, speaks of 8-bit exponents only. */
const cast: LiftRule = (node) => [{ ...node, attributes: without(node.attributes, 'round_mode') }];

/** Rules of the operators that change the element type. */
export const quantizationRules: LiftRules = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  Cast: cast,
  CastLike: cast,
};
