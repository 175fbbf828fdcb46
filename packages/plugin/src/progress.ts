import { DatafreeError } from './errors.ts';

/**
 * A progress event. `done` grows from 0 to `total` within a `stage`; the last event of a stage has `done === total`.
 */
export interface ProgressEvent {
  /** "synthesis", "calibration", … */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** What `done` counts: "iterations", "samples", "batches". */
  readonly unit: string;
  /** Values worth showing: the loss and its terms, the learning rate. */
  readonly values?: Readonly<Record<string, number>>;
}

/** Receives progress events. It only listens: what it returns is ignored. */
export type ProgressListener = (event: ProgressEvent) => void;

/** A minimal logger; `consola` and `console` both fit. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

/** A logger that says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {} };

/** Throws the error of code `aborted` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DatafreeError('aborted', 'The work was aborted.', { cause: signal.reason });
}
