import type { Tensor } from '@datafree/plugin';
import type { Operator } from '../../graph/operator.ts';
import { roundHalfEven } from '../../rounding.ts';
import { numbersOf, scalarOf, tensorOf } from '../../tensor.ts';

/**
 * DynamicQuantizeLinear: quantises to uint8 by the range of the values themselves, which is widened to hold 0. Its
 * outputs are the quantised values, the scale and the zero point. It has no derivative.
 */
export const dynamicQuantizeLinearOperator: Operator = {
  type: 'DynamicQuantizeLinear',
  infer: ({ inputs }) => [
    { dtype: 'uint8', shape: inputs[0]!.shape },
    { dtype: inputs[0]!.dtype, shape: [] },
    { dtype: 'uint8', shape: [] },
  ],
  evaluate: ({ inputs }) => {
    const x = inputs[0] as Tensor;
    const data = numbersOf(x);
    let low = 0;
    let high = 0;
    for (let i = 0; i < data.length; i++) {
      low = Math.min(low, data[i] as number);
      high = Math.max(high, data[i] as number);
    }
    const inType = x.dtype === 'float32' ? Math.fround : (value: number) => value;
    // The scale of values that are all 0 does not matter.
    const scale = inType((high - low) / 255) || 1;
    const zeroPoint = roundHalfEven(Math.min(255, Math.max(0, inType(-low / scale))));
    const values = Float64Array.from(data, (value) =>
      Math.min(255, Math.max(0, roundHalfEven(inType(value / scale)) + zeroPoint)),
    );
    return [tensorOf('uint8', x.dims, values), scalarOf(x.dtype, scale), scalarOf('uint8', zeroPoint)];
  },
};
