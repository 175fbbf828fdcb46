import { intOf } from '../../graph/attributes.ts';
import type { Operator } from '../../graph/operator.ts';
import { numbersOf } from '../../tensor.ts';
import { allocateElements, elementsOf, tensorOfElements } from './strides.ts';

/** Trilu: the upper (or lower) triangles of matrices, zeros elsewhere. Derivative: the same of the adjoint. */
export const triluOperator: Operator = {
  type: 'Trilu',
  infer: ({ inputs }) => [inputs[0]!],
  gradient: ({ builder, node, inputs }, [dy]) => [
    builder.op('Trilu', [dy, ...inputs.slice(1)], node.attributes),
    undefined,
  ],
  evaluate: ({ node, inputs: [x, diagonal] }) => {
    const upper = intOf(node, 'upper', 1) === 1;
    const shift = diagonal === undefined ? 0 : (numbersOf(diagonal)[0] as number);
    const [rows, columns] = x!.dims.slice(-2) as [number, number];
    const source = elementsOf(x!);
    const elements = allocateElements(x!.dtype, source.length);
    for (let i = 0; i < source.length; i++) {
      const across = (i % columns) - (Math.floor(i / columns) % rows) - shift;
      if (upper ? across >= 0 : across <= 0) elements[i] = source[i] as number;
    }
    return [tensorOfElements(x!.dtype, x!.dims, elements)];
  },
};
