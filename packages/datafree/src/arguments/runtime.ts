import type { Runtime } from '@datafree/plugin';
import type { Command } from 'commander';
import { makerOf } from '../plugins/make.ts';
import { type Assignment, assembled, assignment, repeated } from './values.ts';

/** What networks run on. */
export interface RuntimeChoice {
  readonly runtime: string;
  readonly runtimeOption?: readonly Assignment[];
}

/** Adds the options that say what networks run on. */
export function withRuntime(command: Command): Command {
  return command
    .optionsGroup('Runtime:')
    .option('--runtime <name>', 'what networks run on: ort (onnxruntime), or a plugin by name or path', 'ort')
    .option(
      '--runtime-option <name=value>',
      'an option of the runtime, several times if needed: executionProviders=["cuda","cpu"]',
      repeated(assignment('runtime-option')),
    );
}

/** What tells a run on one runtime from that on another. */
export function runtimeFacts({ runtime, runtimeOption = [] }: RuntimeChoice) {
  return { runtime: { name: runtime, options: assembled(runtimeOption) } };
}

/**
 * The runtime that the options ask for.
 *
 * @throws `plugin-not-found`, `plugin-invalid`, `plugin-failed`, `option-invalid`
 */
export async function runtimeFor({ runtime, runtimeOption = [] }: RuntimeChoice): Promise<Runtime> {
  const make = await makerOf('runtime', runtime);
  return make(assembled(runtimeOption));
}
