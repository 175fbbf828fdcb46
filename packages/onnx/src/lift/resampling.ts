import { attribute, numbersOf } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { refuse } from './refuse.ts';
import { changed, inputOf, type LiftContext, type LiftRule, type LiftRules } from './rule.ts';

/**
 * Upsample and Resize of opset 10 know one way of counting: output position divided by scale. Nearest takes the
 * pixel before when it enlarges and the one after when it shrinks (onnxruntime's reading).
 */
function simple(node: Node, scales: string | undefined, context: LiftContext): Node {
  const factors = context.constantOf(scales);
  const shrinks = factors !== undefined && Array.from(numbersOf(factors)).some((factor) => factor < 1);
  const mode = attribute.stringOf(node, 'mode', 'nearest') === 'nearest' ? 'nearest' : 'linear';
  return {
    ...changed(node, [node.inputs[0], undefined, scales]),
    op: 'Resize',
    attributes: {
      mode: attribute.string(mode),
      coordinate_transformation_mode: attribute.string('asymmetric'),
      ...(mode === 'nearest' ? { nearest_mode: attribute.string(shrinks ? 'ceil' : 'floor') } : {}),
    },
  };
}

/** Resize: empty tensors stood for what is left out; the region of interest counts in one mode only. */
const resize: LiftRule = (node, context) => {
  if (context.opset < 11) return [simple(node, node.inputs[1], context)];
  const mode = attribute.stringOf(node, 'coordinate_transformation_mode', 'half_pixel');
  if (mode === 'tf_half_pixel_for_nn') throw refuse(node, context.opset, `its mode ${mode} is gone since opset 13`);
  const present = (index: number): string | undefined => {
    const name = inputOf(node, index);
    return context.constantOf(name)?.data.length === 0 ? undefined : name;
  };
  const region = mode === 'tf_crop_and_resize' ? present(1) : undefined;
  return [changed(node, [node.inputs[0], region, present(2), present(3)])];
};

/** Upsample is a case of Resize since 10. */
const upsample: LiftRule = (node, context) => [simple(node, node.inputs[1], context)];

/** GridSample: its modes were called after the two-dimensional case before 20. */
const gridSample: LiftRule = (node, context) => {
  if (context.opset >= 20) return [node];
  const old = attribute.stringOf(node, 'mode', 'bilinear');
  const mode = ({ bilinear: 'linear', bicubic: 'cubic' } as Record<string, string>)[old] ?? old;
  return [{ ...node, attributes: { ...node.attributes, mode: attribute.string(mode) } }];
};

/** RoiAlign: before 16 coordinates were not shifted by half a pixel. */
const roiAlign: LiftRule = (node, context) => {
  if (context.opset >= 16) return [node];
  const mode = attribute.string('output_half_pixel');
  return [{ ...node, attributes: { ...node.attributes, coordinate_transformation_mode: mode } }];
};

/** Rules of the operators that sample between elements. */
export const resamplingRules: LiftRules = {
  Upsample: upsample,
  Resize: resize,
  GridSample: gridSample,
  RoiAlign: roiAlign,
};
