import { attribute } from '@datafree/core';
import type { Attributes } from '@datafree/plugin';
import { type CaseInput, given, int64, type OperatorCase, real, weight } from './case.ts';

const { float, int, ints, string } = attribute;

/** A convolution: `[title, input, weights, attributes, bias]`. */
type ConvRow = readonly [string, readonly number[], readonly number[], Attributes, boolean?];

const convolutions: readonly ConvRow[] = [
  ['1×1', [2, 3, 5, 4], [4, 3, 1, 1], {}],
  ['1×1, stride 2', [2, 3, 6, 5], [4, 3, 1, 1], { strides: ints([2, 2]) }],
  ['3×3, same size', [2, 3, 6, 5], [4, 3, 3, 3], { pads: ints([1, 1, 1, 1]) }, true],
  ['3×3, no padding', [2, 3, 6, 5], [4, 3, 3, 3], { kernel_shape: ints([3, 3]) }],
  ['3×3, stride 2', [2, 3, 7, 8], [4, 3, 3, 3], { pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) }],
  [
    '3×3, stride 2, asymmetric padding',
    [2, 3, 8, 8],
    [4, 3, 3, 3],
    { pads: ints([0, 0, 1, 1]), strides: ints([2, 2]) },
  ],
  ['5×3, strides 3 and 2', [1, 2, 11, 9], [3, 2, 5, 3], { pads: ints([2, 0, 1, 1]), strides: ints([3, 2]) }],
  ['dilation 2', [1, 2, 9, 8], [3, 2, 3, 3], { pads: ints([2, 2, 2, 2]), dilations: ints([2, 2]) }],
  [
    'dilation 2, stride 2',
    [1, 2, 9, 8],
    [3, 2, 3, 3],
    { pads: ints([2, 2, 2, 2]), dilations: ints([2, 2]), strides: ints([2, 2]) },
  ],
  ['two groups', [2, 4, 5, 5], [6, 2, 3, 3], { group: int(2), pads: ints([1, 1, 1, 1]) }, true],
  ['depthwise', [2, 4, 6, 5], [4, 1, 3, 3], { group: int(4), pads: ints([1, 1, 1, 1]) }, true],
  [
    'depthwise, stride 2',
    [2, 4, 7, 6],
    [4, 1, 3, 3],
    { group: int(4), pads: ints([0, 0, 1, 1]), strides: ints([2, 2]) },
  ],
  ['depthwise, two outputs a channel', [2, 3, 6, 5], [6, 1, 3, 3], { group: int(3), pads: ints([1, 1, 1, 1]) }],
  ['auto_pad SAME_UPPER', [1, 2, 7, 8], [3, 2, 3, 3], { auto_pad: string('SAME_UPPER'), strides: ints([2, 2]) }],
  ['auto_pad SAME_LOWER', [1, 2, 7, 8], [3, 2, 2, 2], { auto_pad: string('SAME_LOWER') }],
  ['auto_pad VALID', [1, 2, 7, 8], [3, 2, 3, 3], { auto_pad: string('VALID') }],
  ['kernel as large as the input', [2, 3, 4, 4], [5, 3, 4, 4], {}],
  ['rows that no window reaches', [1, 2, 6, 6], [3, 2, 2, 2], { strides: ints([4, 4]) }],
  ['1-D', [2, 3, 9], [4, 3, 3], { pads: ints([1, 1]) }, true],
  [
    '1-D, stride 2, dilation 2',
    [2, 3, 11],
    [4, 3, 3],
    { strides: ints([2]), dilations: ints([2]), pads: ints([1, 2]) },
  ],
  ['1-D, depthwise', [2, 3, 9], [3, 1, 3], { group: int(3), pads: ints([1, 1]) }],
  ['3-D', [1, 2, 4, 5, 4], [3, 2, 3, 3, 3], { pads: ints([1, 1, 1, 1, 1, 1]) }, true],
  ['3-D, stride 2', [1, 2, 5, 5, 4], [3, 2, 3, 3, 2], { strides: ints([2, 2, 2]), pads: ints([1, 0, 0, 1, 1, 0]) }],
];

const transposed: readonly ConvRow[] = [
  ['stride 2', [2, 3, 4, 5], [3, 4, 2, 2], { strides: ints([2, 2]) }],
  ['3×3, stride 2, padding', [2, 3, 4, 5], [3, 4, 3, 3], { strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) }, true],
  [
    'output padding',
    [1, 3, 4, 4],
    [3, 2, 3, 3],
    { strides: ints([2, 2]), pads: ints([1, 1, 1, 1]), output_padding: ints([1, 1]) },
  ],
  ['output shape', [1, 3, 4, 4], [3, 2, 3, 3], { strides: ints([2, 2]), output_shape: ints([8, 8]) }],
  ['stride 1', [1, 3, 4, 5], [3, 2, 3, 3], {}],
  ['asymmetric padding', [1, 3, 4, 5], [3, 2, 3, 3], { pads: ints([1, 0, 0, 2]) }],
  ['dilation 2', [1, 2, 4, 4], [2, 3, 3, 3], { dilations: ints([2, 2]) }],
  ['two groups', [1, 4, 4, 4], [4, 3, 3, 3], { group: int(2), strides: ints([2, 2]) }, true],
  ['depthwise', [1, 4, 4, 4], [4, 1, 3, 3], { group: int(4), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) }],
  ['stride larger than the kernel', [1, 2, 3, 3], [2, 3, 2, 2], { strides: ints([3, 3]) }],
  ['auto_pad SAME_UPPER', [1, 2, 4, 4], [2, 3, 3, 3], { auto_pad: string('SAME_UPPER'), strides: ints([2, 2]) }],
  ['1-D', [2, 3, 5], [3, 4, 3], { strides: ints([2]), pads: ints([1, 1]) }],
  ['3-D', [1, 2, 3, 3, 2], [2, 3, 2, 2, 2], { strides: ints([2, 2, 2]) }],
];

function convolutionCases(op: string, rows: readonly ConvRow[]): OperatorCase[] {
  return rows.flatMap(([title, input, weights, attributes, bias = false]) => {
    const group = attributes.group?.type === 'int' ? attributes.group.value : 1;
    const channels = op === 'Conv' ? weights[0]! : weights[1]! * group;
    const withWeights = (make: (shape: readonly number[]) => CaseInput) => [
      real(input),
      make(weights),
      ...(bias ? [make([channels])] : []),
    ];
    return [
      { op, title: `${title}, constant weights`, inputs: withWeights((shape) => weight(shape)), attributes },
      { op, title: `${title}, weights fed`, inputs: withWeights((shape) => real(shape, -1, 1)), attributes },
    ];
  });
}

/** A pooling: `[title, input, attributes]`. */
type PoolRow = readonly [string, readonly number[], Attributes];

const pools: readonly PoolRow[] = [
  ['2×2, stride 2', [2, 3, 6, 8], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }],
  [
    '3×3, stride 2, overlapping',
    [2, 3, 9, 8],
    { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) },
  ],
  ['3×3, stride 1', [1, 2, 5, 6], { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) }],
  ['asymmetric padding', [1, 2, 6, 6], { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([0, 0, 1, 1]) }],
  ['rounded up', [1, 2, 6, 7], { kernel_shape: ints([3, 3]), strides: ints([2, 2]), ceil_mode: int(1) }],
  [
    'rounded up, with padding',
    [1, 2, 6, 6],
    { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]), ceil_mode: int(1) },
  ],
  ['SAME_UPPER', [1, 2, 6, 7], { kernel_shape: ints([3, 3]), strides: ints([2, 2]), auto_pad: string('SAME_UPPER') }],
  ['SAME_LOWER', [1, 2, 6, 7], { kernel_shape: ints([2, 2]), auto_pad: string('SAME_LOWER') }],
  ['rows that no window reaches', [1, 2, 7, 7], { kernel_shape: ints([2, 2]), strides: ints([3, 3]) }],
  ['dilation 2', [1, 2, 8, 8], { kernel_shape: ints([2, 2]), dilations: ints([2, 2]) }],
  ['1-D', [2, 3, 9], { kernel_shape: ints([3]), strides: ints([2]), pads: ints([1, 1]) }],
  ['3-D', [1, 2, 4, 4, 4], { kernel_shape: ints([2, 2, 2]), strides: ints([2, 2, 2]) }],
];

const nearest = { mode: string('nearest') };
const linear = { mode: string('linear') };
const scales = (...values: number[]): CaseInput => given('float32', [values.length], values);

/** Cases of operators over space. */
export const spatialCases: readonly OperatorCase[] = [
  ...convolutionCases('Conv', convolutions),
  ...convolutionCases('ConvTranspose', transposed),
  ...pools.flatMap(([title, input, attributes]): OperatorCase[] => [
    { op: 'MaxPool', title, inputs: [real(input)], attributes },
    { op: 'AveragePool', title, inputs: [real(input)], attributes },
    {
      op: 'AveragePool',
      title: `${title}, padding counted`,
      inputs: [real(input)],
      attributes: { ...attributes, count_include_pad: int(1) },
    },
  ]),
  {
    op: 'MaxPool',
    title: 'negative values at the border',
    inputs: [real([1, 2, 4, 4], -3, -1)],
    attributes: { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) },
  },
  {
    op: 'LpPool',
    title: '3×3, stride 2',
    inputs: [real([2, 3, 7, 8])],
    attributes: { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) },
  },
  {
    op: 'LpPool',
    title: 'third norm',
    inputs: [real([1, 2, 6, 6], 0.2, 2)],
    attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]), p: int(3) },
  },
  ...['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'].flatMap((op): OperatorCase[] => [
    { op, title: '2-D', inputs: [real([2, 3, 4, 5])] },
    { op, title: '1-D', inputs: [real([2, 3, 7])] },
    { op, title: '3-D', inputs: [real([2, 3, 2, 3, 2])] },
  ]),
  {
    op: 'Resize',
    title: 'nearest, twice as large',
    inputs: [real([1, 2, 3, 4]), undefined, scales(1, 1, 2, 2)],
    attributes: { ...nearest, coordinate_transformation_mode: string('asymmetric'), nearest_mode: string('floor') },
  },
  {
    op: 'Resize',
    title: 'nearest, defaults, to a size',
    inputs: [real([1, 2, 3, 4]), undefined, undefined, int64(1, 2, 5, 9)],
    attributes: nearest,
  },
  {
    op: 'Resize',
    title: 'nearest, half as large',
    inputs: [real([1, 2, 6, 4]), undefined, scales(1, 1, 0.5, 0.5)],
    attributes: { ...nearest, coordinate_transformation_mode: string('asymmetric') },
  },
  ...['half_pixel', 'align_corners', 'asymmetric', 'pytorch_half_pixel'].flatMap((mode): OperatorCase[] => [
    {
      op: 'Resize',
      title: `linear, ${mode}, twice as large`,
      inputs: [real([1, 2, 3, 4]), undefined, scales(1, 1, 2, 2)],
      attributes: { ...linear, coordinate_transformation_mode: string(mode) },
    },
    {
      op: 'Resize',
      title: `linear, ${mode}, to a size`,
      inputs: [real([1, 2, 6, 5]), undefined, undefined, int64(1, 2, 4, 7)],
      attributes: { ...linear, coordinate_transformation_mode: string(mode) },
    },
  ]),
  {
    op: 'LRN',
    title: 'across channels',
    inputs: [real([2, 6, 3, 3])],
    attributes: { size: int(3), alpha: float(0.01) },
  },
];
