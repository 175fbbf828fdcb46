import { Command } from 'commander';
import { compareCommand } from './commands/compare.ts';
import { compressCommand } from './commands/compress.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { finetuneCommand } from './commands/finetune.ts';
import { initCommand } from './commands/init.ts';
import { inspectCommand } from './commands/inspect.ts';
import { similarityCommand } from './commands/similarity.ts';
import { synthesizeCommand } from './commands/synthesize.ts';
import { withConfig } from './config/apply.ts';
import { asDatafreeError, type ExitCode, exitCodeOf, helpOf, tell } from './failure.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/** The commands, in the order that they are listed in. */
const commands = [
  inspectCommand,
  synthesizeCommand,
  compressCommand,
  finetuneCommand,
  evaluateCommand,
  compareCommand,
  similarityCommand,
  initCommand,
];

/** The command line as commander knows it. */
export function programFor(terminal: Terminal): Command {
  const program = new Command('datafree')
    .description('Data-free compression of ONNX convolutional networks')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      // Errors are told in one form by `run`.
      writeErr: () => {},
      getOutHelpWidth: () => terminal.stdout.columns ?? 100,
      getOutHasColors: () => terminal.stdout.isTTY === true,
    });
  for (const command of commands) program.addCommand(command(terminal).copyInheritedSettings(program));
  return withConfig(program);
}

/**
 * Runs a command line.
 *
 * @param args what stands after the program's name
 * @returns 0 done, 1 failed, 2 a command line that is incomplete or names no command, 130 interrupted
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const endings: (() => void)[] = [];
  const program = programFor({ ...terminal, beforeError: (work) => endings.push(work) });
  if (args.length === 0) {
    terminal.stderr.write(program.helpInformation());
    return 2;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (isExit(error)) return 0;
    for (const end of endings) end();
    const names = program.commands.map((command) => command.name());
    const failure = asDatafreeError(error, args[0] as string, names);
    const help = helpOf(args[0] as string, names);
    tell(failure, { json: args.includes('--json'), debug: Boolean(process.env.DEBUG), help }, terminal);
    return exitCodeOf(failure);
  }
}

/** What commander throws after it has printed the help or the version. */
function isExit(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'commander.helpDisplayed' || code === 'commander.version' || code === 'commander.help';
}
