import { attributes, float, int, string } from '../../../graph/attributes.ts';
import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { tensorOf } from '../../../tensor.ts';

/** How a position in the output becomes one in the input (ONNX, `coordinate_transformation_mode`). */
export type ResizeCoordinates =
  | 'half_pixel'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'align_corners'
  | 'asymmetric';

/** How a position between cells is rounded (ONNX, `nearest_mode`). */
export type ResizeRounding = 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';

/** Options of {@link resize}: either `scales` or `sizes`, one entry for each axis of the input. */
export interface ResizeOptions {
  readonly scales?: readonly number[] | undefined;
  readonly sizes?: readonly number[] | undefined;
  /** `nearest` when absent. */
  readonly mode?: 'nearest' | 'linear' | 'cubic' | undefined;
  /** `half_pixel` when absent. */
  readonly coordinates?: ResizeCoordinates | undefined;
  /** `round_prefer_floor` when absent. */
  readonly nearest?: ResizeRounding | undefined;
  /** The coefficient of cubic interpolation; −0.75 when absent. */
  readonly cubicCoefficient?: number | undefined;
  /** Leave cells outside out of the weights of cubic interpolation. */
  readonly excludeOutside?: boolean | undefined;
  /** Widen the filter when the size shrinks. */
  readonly antialias?: boolean | undefined;
}

/**
 * Interpolates along axes, to `sizes` or `⌊size · scale⌋` (ONNX, "Resize").
 *
 * @throws `shape-mismatch`, `attribute-invalid`
 */
export function resize(b: GraphBuilder, x: Value, options: ResizeOptions): Value {
  const { scales, sizes, mode, coordinates, nearest, cubicCoefficient, excludeOutside, antialias } = options;
  const inputs = [x, undefined, scales && b.constant(tensorOf('float32', [scales.length], scales))];
  if (sizes !== undefined) inputs.push(b.int64(sizes));
  return b.op(
    'Resize',
    inputs,
    attributes({
      mode: mode && string(mode),
      coordinate_transformation_mode: coordinates && string(coordinates),
      nearest_mode: nearest && string(nearest),
      cubic_coeff_a: cubicCoefficient === undefined ? undefined : float(cubicCoefficient),
      exclude_outside: excludeOutside ? int(1) : undefined,
      antialias: antialias ? int(1) : undefined,
    }),
  );
}
