import { introduced, rewritten } from './introduced.mjs';
import { limits } from './limits.mjs';

const oldest = 9;
const newest = 26;

/**
 * The content of FEATURES.md.
 *
 * @param core the module @datafree/core
 * @param kernelOf of @datafree/quantizer
 */
export function features(core, kernelOf) {
  const families = [
    ['Convolution, pooling, resizing', core.spatialOperators],
    ['Matrix products', core.linearOperators],
    ['Normalisation', core.normalizationOperators],
    ['Activation', core.activationOperators],
    ['Elementwise', core.elementwiseOperators],
    ['Reduction', core.reductionOperators],
    ['Layout', core.layoutOperators],
    ['Constants', core.constantOperators],
    ['Quantisation', core.quantizationOperators],
  ];
  const listed = families.flatMap(([, operators]) => operators);
  for (const operator of core.standardOperators.values()) {
    if (!listed.some(({ type }) => type === operator.type))
      throw new Error(`${operator.type} is in no family of the table.`);
  }
  const count = (has) => listed.filter(has).length;
  const sections = families.map(([title, operators]) => {
    const rows = [...operators]
      .sort((x, y) => (x.type < y.type ? -1 : 1))
      .map((operator) => [
        operator.type,
        `${Math.max(oldest, introduced[operator.type] ?? oldest)}–${newest}`,
        operator.evaluate === undefined && operator.known === undefined ? 'shape' : 'shape, values',
        gradientOf(core, operator),
        int8Of(kernelOf, operator),
      ]);
    return `## ${title}\n\n${table(['Operator', 'Opsets', 'Forward', 'Gradient', 'int8'], rows)}`;
  });
  return `${[
    '# Features',
    '<!-- Written by tooling/features/generate.mjs from the operators themselves. -->',
    `The ${listed.length} operators of ONNX that datafree knows; ${count((operator) => operator.gradient)} of them have a gradient rule.`,
    [
      `- **Opsets**: the versions of ai.onnx, out of ${oldest} to ${newest}, that have the operator. A file of any of them is read as opset ${core.canonicalOpset}; what a newer opset added and ${core.canonicalOpset} cannot say is refused.`,
      '- **Forward**: what is known without a runtime: the shapes, and the values by a reference in double precision.',
      '- **Gradient**: `yes` to every input that has one; `limited` but for what is refused of it [below](#limits); `zero` where the derivative is zero almost everywhere; `–` where there is none. Gradients are made of operators of this table, and are of float32 and float64: what depends on half precision is refused.',
      '- **int8**: `integer` runs on integer kernels in a quantised network, `absorbed` falls away into the operator before it, and what is empty runs in floating point.',
    ].join('\n'),
    'Training through quantisation has two compositions of its own: `fakeQuantize` with the straight-through gradient, and `learnedStep` with gradients to the values and to the step size.',
    ...sections,
    '## Limits',
    'What is refused by name, where the rest of the operator is not. Inputs that a shape follows from (the shape of Reshape, pads, axes, sizes) must be constant, or follow from shapes themselves.',
    table(
      ['Operator', 'In', 'Refused'],
      limits.map(({ op, of, says }) => [op, of, says]),
    ),
    '## Rewritten while reading',
    table(
      ['Operator', 'Opsets', 'Read as'],
      rewritten.map(({ op, opsets, as }) => [op, opsets, as]),
    ),
  ].join('\n\n')}\n`;
}

function gradientOf(core, operator) {
  if (operator.gradient === undefined) return '–';
  if (limits.some(({ op, of }) => op === operator.type && of === 'gradient')) return 'limited';
  return isFlat(core, operator) ? 'zero' : 'yes';
}

/** True for an operator of one input, without attributes it insists on, whose gradient comes out as the constant zero. */
function isFlat(core, operator) {
  const b = new core.GraphBuilder();
  const x = b.input('x', 'float32', [2, 2]);
  try {
    const y = b.op(operator.type, [x]);
    const weighted = core.mul(b, y, b.input('weights', y.dtype, y.shape));
    const [gradient] = core.differentiate(b, core.reduceSum(b, weighted), [x]);
    return b.constantOf(gradient)?.data.every((value) => value === 0) ?? false;
  } catch {
    return false;
  }
}

function int8Of(kernelOf, operator) {
  const kernel = kernelOf(operator.domain ?? '', operator.type);
  return kernel === 'float' ? '' : kernel;
}

function table(header, rows) {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length), 3));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
