import { DatafreeError } from '@datafree/plugin';

/** How one axis is resized. */
export interface Interpolation {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubicCoefficient: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

/**
 * The matrix [output, input] that resizes an axis: every mode of Resize is a linear map along each axis by itself
 * (ONNX, "Resize").
 *
 * @param scale output positions for each input position; not always `output / input`
 * @throws `attribute-invalid` for a mode that is unknown
 */
export function interpolationMatrix(rule: Interpolation, input: number, output: number, scale: number): Float64Array {
  const matrix = new Float64Array(output * input);
  for (let o = 0; o < output; o++) {
    const position = sourcePosition(rule.coordinates, o, input, output, scale);
    for (const { cell, weight } of weightsAt(rule, position, input, scale)) {
      matrix[o * input + Math.min(input - 1, Math.max(0, cell))]! += weight;
    }
  }
  return matrix;
}

interface Weight {
  readonly cell: number;
  readonly weight: number;
}

/** The position in the input that an output cell shows. In single precision, as runtimes compute it before rounding. */
function sourcePosition(coordinates: string, o: number, input: number, output: number, scale: number): number {
  const f = Math.fround;
  switch (coordinates) {
    case 'half_pixel':
      return f(f((o + 0.5) / scale) - 0.5);
    case 'pytorch_half_pixel':
      return output > 1 ? f(f((o + 0.5) / scale) - 0.5) : 0;
    case 'half_pixel_symmetric': {
      const offset = f((input / 2) * f(1 - output / f(scale * input)));
      return f(f(offset + f((o + 0.5) / scale)) - 0.5);
    }
    case 'align_corners':
      return output > 1 ? f((o * (input - 1)) / (output - 1)) : 0;
    case 'asymmetric':
      return f(o / scale);
    default:
      throw new DatafreeError('attribute-invalid', `coordinate_transformation_mode "${coordinates}" is not supported.`);
  }
}

function weightsAt(rule: Interpolation, position: number, input: number, scale: number): Weight[] {
  if (rule.mode === 'nearest') return [{ cell: round(rule.nearest, position), weight: 1 }];
  const filter = filterOf(rule);
  const stretch = rule.antialias ? Math.min(1, scale) : 1;
  const reach = filter.support / stretch;
  const weights: Weight[] = [];
  for (let cell = Math.floor(position - reach) + 1; cell < position + reach; cell++) {
    if (rule.excludeOutside && (cell < 0 || cell >= input)) continue;
    weights.push({ cell, weight: filter.at((cell - position) * stretch) });
  }
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  return weights.map(({ cell, weight }) => ({ cell, weight: weight / total }));
}

function round(nearest: string, position: number): number {
  switch (nearest) {
    case 'round_prefer_floor':
      return Math.ceil(position - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(position + 0.5);
    case 'floor':
      return Math.floor(position);
    case 'ceil':
      return Math.ceil(position);
    default:
      throw new DatafreeError('attribute-invalid', `nearest_mode "${nearest}" is unknown.`);
  }
}

/** An interpolation kernel: its weight at a distance, and the distance from which on it is 0. */
interface Filter {
  readonly support: number;
  at(distance: number): number;
}

function filterOf({ mode, cubicCoefficient: a }: Interpolation): Filter {
  if (mode === 'linear') return { support: 1, at: (distance) => Math.max(0, 1 - Math.abs(distance)) };
  if (mode !== 'cubic') throw new DatafreeError('attribute-invalid', `mode "${mode}" of Resize is unknown.`);
  // Keys 1981, "Cubic convolution interpolation for digital image processing".
  return {
    support: 2,
    at: (distance) => {
      const d = Math.abs(distance);
      if (d >= 2) return 0;
      return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    },
  };
}
