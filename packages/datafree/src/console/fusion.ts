import type { FusionReport } from '@datafree/plugin';

/** How many layers run with integer kernels. */
export function integerKernels(fusion: FusionReport | null): string {
  return fusion === null ? 'unknown' : `${fusion.integer} of ${fusion.integer + fusion.float} layers`;
}

/** A line for each layer that runs in float, with the reason. */
export function floatLayers(fusion: FusionReport | null): string[] {
  const floats = fusion?.layers.filter(({ kernel }) => kernel === 'float') ?? [];
  return floats.map(({ op, node, runsAs, reason }) => {
    const why = reason === undefined ? '' : `: ${reason}`;
    return `  in float: ${op} "${node}" as ${runsAs}${why}`;
  });
}
