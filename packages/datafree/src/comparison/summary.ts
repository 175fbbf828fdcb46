import type { Bits } from '../arguments/grid.ts';
import { table } from '../console/table.ts';
import type { Cell } from './cell.ts';

/** A mean over seeds and the standard deviation of a sample of that size, null for a single seed. */
export interface Spread {
  readonly mean: number;
  readonly spread: number | null;
}

/** The seeds of one method and bits together. */
export interface Row {
  readonly method: string;
  readonly bits: Bits;
  readonly seeds: number;
  /** Null without labels. */
  readonly top1: Spread | null;
  readonly agreement: Spread;
  readonly seconds: Spread;
}

/** Rows of a comparison, in the order in which their first cells come. */
export function rowsOf(cells: readonly Cell[]): readonly Row[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.method, cell.bits]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()].map((group) => {
    const [{ method, bits }] = group as [Cell];
    const top1 = group.map((cell) => cell.top1).filter((value) => value !== null);
    return {
      method,
      bits,
      seeds: group.length,
      top1: top1.length < group.length ? null : spreadOf(top1),
      agreement: spreadOf(group.map((cell) => cell.agreement)),
      seconds: spreadOf(group.map((cell) => cell.seconds.total)),
    };
  });
}

/** Mean and standard deviation. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, spread: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (values.length - 1)) };
}

const head = ['method', 'bits', 'seeds', 'top-1 %', 'agreement %', 'seconds'] as const;

/** The table as text. @param fp32 top-1 of the network in full precision */
export function textOf(rows: readonly Row[], fp32: number | null): string {
  return table(head, linesOf(rows, fp32));
}

/** The table in Markdown. */
export function markdownOf(rows: readonly Row[], fp32: number | null): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, c) => (c < 2 ? '---' : '--:'));
  return [line(head), `|${rule.join('|')}|`, ...linesOf(rows, fp32).map(line)].join('\n');
}

/** The table as comma-separated values, a column for each mean and each spread. */
export function csvOf(rows: readonly Row[]): string {
  const values = ['top1', 'agreement', 'seconds'] as const;
  const names = ['method', 'weights', 'activations', 'seeds'];
  const columns = values.flatMap((name) => [`${name}_mean`, `${name}_spread`]);
  const lines = rows.map((row) => [
    quoted(row.method),
    row.bits.weights,
    row.bits.activations,
    row.seeds,
    ...values.flatMap((name) => [row[name]?.mean ?? '', row[name]?.spread ?? '']),
  ]);
  return [[...names, ...columns], ...lines].map((line) => line.join(',')).join('\n');
}

function linesOf(rows: readonly Row[], fp32: number | null): string[][] {
  const cell = (value: Spread | null, digits: number): string => {
    if (value === null) return '–';
    const { mean, spread } = value;
    return `${mean.toFixed(digits)}${spread === null ? '' : ` ± ${spread.toFixed(digits)}`}`;
  };
  const first = ['full precision', '32/32', '–', fp32 === null ? '–' : fp32.toFixed(2), '100.00', '–'];
  const others = rows.map(({ method, bits, seeds, top1, agreement, seconds }) => [
    method,
    `${bits.weights}/${bits.activations}`,
    String(seeds),
    cell(top1, 2),
    cell(agreement, 2),
    cell(seconds, 1),
  ]);
  return [first, ...others];
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
