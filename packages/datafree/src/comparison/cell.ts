import * as v from 'valibot';
import type { Bits } from '../arguments/grid.ts';

/** What makes a cell of a comparison. */
export interface CellKey {
  /** How the samples were made; {@link realMethod} for samples of data. */
  readonly method: string;
  readonly bits: Bits;
  readonly seed: number;
}

/** A finished cell. */
export interface Cell extends CellKey {
  /** Options of the synthesizer, defaults filled in; for samples of data, which data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Samples that it was calibrated on. */
  readonly samples: number;
  /** Per cent of right classes; null without labels. */
  readonly top1: number | null;
  /** Per cent of the decisions that are those of the network in full precision. */
  readonly agreement: number;
  /** Mean cosine between its outputs and those of the network in full precision. */
  readonly cosine: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Wall-clock seconds from the network to the file. */
  readonly seconds: {
    readonly synthesis: number;
    readonly calibration: number;
    readonly fineTuning: number;
    readonly total: number;
  };
  /** The network in full precision on the same data. */
  readonly fp32: { readonly top1: number | null };
}

/** Stands for a method where samples are drawn from data instead. */
export const realMethod = 'real';

/** Cells that share their samples. */
export interface Group {
  readonly method: string;
  readonly seed: number;
}

/** A cell as people read it. */
export function describeCell({ method, bits, seed }: CellKey): string {
  return `${method} ${bits.weights}/${bits.activations} seed ${seed}`;
}

const number = v.number();
const top1 = v.nullable(number);
const schema = v.object({
  method: v.string(),
  bits: v.object({ weights: number, activations: number }),
  seed: number,
  options: v.record(v.string(), v.unknown()),
  samples: number,
  top1,
  agreement: number,
  cosine: number,
  bytes: number,
  seconds: v.object({ synthesis: number, calibration: number, fineTuning: number, total: number }),
  fp32: v.object({ top1 }),
}) satisfies v.GenericSchema<unknown, Cell>;

/** A cell as its file holds it; undefined when the text is not that of one. */
export function parseCell(text: string): Cell | undefined {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch {
    return undefined;
  }
}
