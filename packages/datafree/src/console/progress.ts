import type { ProgressEvent } from '@datafree/plugin';
import { type Bar, MultiBar } from 'cli-progress';
import type { Output } from '../terminal.ts';

/** Shows progress until it is stopped. */
export interface ProgressDisplay {
  show(event: ProgressEvent): void;
  /** Writes a line without damage to what is shown. */
  line(text: string): void;
  stop(): void;
}

/** Bars on a terminal, plain lines elsewhere, nothing when `quiet`. */
export function progressDisplay(output: Output, quiet: boolean): ProgressDisplay {
  if (quiet) return { show: () => {}, line: () => {}, stop: () => {} };
  return output.isTTY ? bars(output) : lines(output);
}

/** A bar for each stage. */
function bars(output: Output): ProgressDisplay {
  const shown = new Map<string, Bar>();
  let all: MultiBar | undefined;
  const open = (): MultiBar => {
    all ??= new MultiBar({
      stream: output as NodeJS.WriteStream,
      format: '{stage} {bar} {percentage}% {value}/{total} {unit} {duration_formatted} {values}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      hideCursor: true,
      emptyOnZero: true,
      stopOnComplete: false,
      gracefulExit: false,
      linewrap: false,
    });
    return all;
  };
  return {
    show(event) {
      const { stage, done, total, unit } = event;
      const payload = { stage: stage.padEnd(12), unit, values: valuesOf(event) };
      const bar = shown.get(stage) ?? open().create(total, done, payload);
      shown.set(stage, bar);
      bar.setTotal(total);
      bar.update(done, payload);
    },
    line(text) {
      if (all === undefined) output.write(`${text}\n`);
      else all.log(`${text}\n`);
    },
    stop() {
      all?.stop();
      all = undefined;
      shown.clear();
    },
  };
}

/** A line when a stage begins, at every tenth of it, and when it ends. */
function lines(output: Output): ProgressDisplay {
  const tenths = new Map<string, number>();
  return {
    show(event) {
      const { stage, done, total, unit } = event;
      const tenth = total === 0 ? 10 : Math.floor((10 * done) / total);
      if (tenth <= (tenths.get(stage) ?? -1)) return;
      tenths.set(stage, tenth);
      output.write(`${stage}: ${done}/${total} ${unit} ${valuesOf(event)}`.trimEnd().concat('\n'));
    },
    line: (text) => output.write(`${text}\n`),
    stop: () => {},
  };
}

function valuesOf({ values = {} }: ProgressEvent): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(' ');
}
