import { DatafreeError, isDatafreeError } from '@datafree/plugin';
import { CommanderError } from 'commander';
import pc from 'picocolors';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usageError.ts';

/** How a command ends: 0 done, 1 failed, 2 a command line that is incomplete or names no command, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;

/** What commander refuses because the command line is incomplete, not because a value is wrong. */
const incomplete = new Set([
  'commander.missingArgument',
  'commander.optionMissingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.excessArguments',
  'commander.unknownCommand',
]);

/** Anything that was thrown, as an error with a code. @param commands those that there are */
export function asDatafreeError(error: unknown, command: string, commands: readonly string[] = []): DatafreeError {
  if (isDatafreeError(error)) return error;
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replace(/\n+/g, ' ');
    const hint =
      error.code === 'commander.unknownCommand'
        ? `The commands are ${commands.join(', ')}. See datafree --help.`
        : helpOf(command, commands);
    return incomplete.has(error.code)
      ? new UsageError(message, { hint, cause: error })
      : new DatafreeError('option-invalid', message, { hint, cause: error });
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return new DatafreeError('aborted', 'The work was aborted.', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new DatafreeError('plugin-failed', `Unexpected: ${message}`, {
    hint: 'This is a mistake in datafree or in a plugin. Run it again with DEBUG=datafree for its origin.',
    cause: error,
  });
}

/** Where a command's options are told. */
export function helpOf(command: string, commands: readonly string[]): string {
  return `See datafree ${commands.includes(command) ? `${command} ` : ''}--help.`;
}

/**
 * Tells an error: a line and a hint on the standard error output; with `--json` also an object on the standard output.
 *
 * @param help the hint to a wrong option that has none of its own
 */
export function tell(
  error: DatafreeError,
  { json, debug, help }: { readonly json: boolean; readonly debug: boolean; readonly help?: string },
  terminal: Terminal,
): void {
  const hint = error.hint ?? (error.code === 'option-invalid' ? help : undefined);
  const colours = pc.createColors(terminal.stderr.isTTY === true && pc.isColorSupported);
  const lines = [`${colours.red(`error [${error.code}]`)}: ${error.message}`];
  if (hint !== undefined) lines.push(`${colours.cyan('hint')}: ${hint}`);
  if (debug) lines.push(traceOf(error));
  terminal.stderr.write(`${lines.join('\n')}\n`);
  if (json) terminal.stdout.write(`${JSON.stringify({ error: { ...error.toJSON(), ...(hint && { hint }) } })}\n`);
}

/** Where it came from, down to the first cause. */
function traceOf(error: Error): string {
  const { stack = String(error), cause } = error;
  return cause instanceof Error ? `${stack}\ncaused by ${traceOf(cause)}` : stack;
}

/** The exit code that belongs to an error. */
export function exitCodeOf(error: DatafreeError): ExitCode {
  if (error.code === 'aborted') return 130;
  return error instanceof UsageError ? 2 : 1;
}
