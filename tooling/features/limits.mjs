const int = (value) => ({ type: 'int', value });
const string = (value) => ({ type: 'string', value });
const zeros = (dims) => ({ dtype: 'int64', dims, data: new BigInt64Array(dims.reduce((n, size) => n * size, 1)) });
const bool = (value) => ({ dtype: 'bool', dims: [], data: Uint8Array.of(value) });
const update = { dtype: 'float32', dims: [1, 1, 1, 1], data: Float32Array.of(2) };
const codes = { dtype: 'int8', dims: [2, 2], data: Int8Array.of(1, 2, 3, 4) };

const reductions = { says: '`reduction` mul, max, min', refused: ['mul', 'max', 'min'], taken: ['none', 'add'] };
const blocks = { says: '`block_size` other than 0', refused: [2], taken: [0] };

/**
 * What is refused of operators of the table: by the operator (`forward`), or by its gradient alone. `write` writes such a
 * node on `x` [1, 1, 4, 4] with one of the values that are refused, or taken.
 */
export const limits = [
  {
    op: 'DequantizeLinear',
    of: 'forward',
    ...blocks,
    write: (b, _, size) =>
      b.op('DequantizeLinear', [b.constant(codes), b.scalar(0.5)], { axis: int(1), block_size: int(size) }),
  },
  {
    op: 'Dropout',
    of: 'forward',
    says: 'training mode, with a ratio other than 0',
    refused: [1],
    taken: [0],
    write: (b, x, training) => b.op('Dropout', [x, b.scalar(0.5), b.constant(bool(training))]),
  },
  {
    op: 'GatherND',
    of: 'gradient',
    says: '`batch_dims` other than 0',
    refused: [1],
    taken: [0],
    write: (b, x, count) => b.op('GatherND', [x, b.constant(zeros([1, 1]))], { batch_dims: int(count) }),
  },
  {
    op: 'MaxPool',
    of: 'forward',
    says: '`storage_order` 1',
    refused: [1],
    taken: [0],
    write: (b, x, order) =>
      b.op('MaxPool', [x], { kernel_shape: { type: 'ints', value: [2, 2] }, storage_order: int(order) }),
  },
  {
    op: 'QuantizeLinear',
    of: 'forward',
    ...blocks,
    write: (b, x, size) => b.op('QuantizeLinear', [x, b.scalar(0.5)], { axis: int(1), block_size: int(size) }),
  },
  {
    op: 'Resize',
    of: 'forward',
    says: '`coordinate_transformation_mode` tf_crop_and_resize',
    refused: ['tf_crop_and_resize'],
    taken: ['align_corners', 'asymmetric', 'half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel'],
    write: (b, x, mode) =>
      b.op('Resize', [x, undefined, undefined, b.int64([1, 1, 8, 8])], {
        coordinate_transformation_mode: string(mode),
      }),
  },
  {
    op: 'ScatterElements',
    of: 'gradient',
    ...reductions,
    write: (b, x, reduction) =>
      b.op('ScatterElements', [x, b.constant(zeros([1, 1, 1, 1])), b.constant(update)], {
        reduction: string(reduction),
      }),
  },
  {
    op: 'ScatterND',
    of: 'gradient',
    ...reductions,
    write: (b, x, reduction) => b.op('ScatterND', [x, b.constant(zeros([1, 1])), x], { reduction: string(reduction) }),
  },
];
