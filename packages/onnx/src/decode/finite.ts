import { DatafreeError, type Graph, type Tensor } from '@datafree/plugin';

/**
 * Checks that no weight is NaN or infinite, sub-graphs included. A single infinite value is a bound (of Clip, of
 * Pad) and may stand.
 *
 * @throws `weight-not-finite`
 */
export function checkFinite(graph: Graph): void {
  for (const [name, tensor] of graph.initializers) {
    const index = firstNotFinite(tensor);
    if (index < 0) continue;
    throw new DatafreeError('weight-not-finite', `Element ${index} of "${name}" [${tensor.dims}] is NaN or infinite.`, {
      tensor: name,
      hint: 'The training diverged or the export went wrong: export from a checkpoint whose outputs are finite.',
    });
  }
  for (const node of graph.nodes) {
    for (const attribute of Object.values(node.attributes))
      if (attribute.type === 'graph') checkFinite(attribute.value);
  }
}

function firstNotFinite({ dtype, data }: Tensor): number {
  const bound = data.length === 1;
  if (dtype === 'float32' || dtype === 'float64') {
    const values = data as Float32Array;
    if (bound) return Number.isNaN(values[0]) ? 0 : -1;
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  }
  if (dtype === 'float16' || dtype === 'bfloat16') {
    const [exponent, sign] = dtype === 'float16' ? [0x7c00, 0x8000] : [0x7f80, 0x8000];
    const values = data as Uint16Array;
    if (bound) return ((values[0] as number) & ~sign) > exponent ? 0 : -1;
    for (let i = 0; i < values.length; i++) if (((values[i] as number) & exponent) === exponent) return i;
  }
  return -1;
}
