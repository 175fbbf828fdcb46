import type { SlidingWindow } from '../window.ts';

/** A convolution seen as arithmetic: its window, sizes and groups. */
export interface Convolution extends SlidingWindow {
  readonly groups: number;
}
