import type { Logger, ProgressListener } from '@datafree/plugin';
import pc from 'picocolors';
import type { GeneralOptions } from '../arguments/general.ts';
import type { Terminal } from '../terminal.ts';
import { progressDisplay } from './progress.ts';

/** How a command speaks to the user: results on the standard output, everything else on the standard error output. */
export interface Console {
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
  readonly logger: Logger;
  /** Prints the result: as JSON with `--json`, as text otherwise. */
  result(json: unknown, text: string): void;
  /** A remark that is not part of the result. */
  remark(text: string): void;
  /** Ends what is shown of progress. */
  close(): void;
}

export function openConsole(terminal: Terminal, { json, quiet }: GeneralOptions): Console {
  const display = progressDisplay(terminal.stderr, quiet);
  terminal.beforeError?.(() => display.stop());
  const colours = pc.createColors(terminal.stderr.isTTY === true && pc.isColorSupported);
  const warned = new Set<string>();
  return {
    signal: terminal.signal,
    onProgress: (event) => display.show(event),
    logger: {
      debug: () => {},
      info: (message) => display.line(message),
      // What is warned of at once may be among the warnings of the result too.
      warn: (message) => {
        if (!warned.has(message)) display.line(`${colours.yellow('warning')}: ${message}`);
        warned.add(message);
      },
    },
    result(value, text) {
      display.stop();
      terminal.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text.trimEnd()}\n`);
    },
    remark: (text) => display.line(text),
    close: () => display.stop(),
  };
}
