import { Command } from 'commander';
import { type GeneralOptions, withGeneral } from '../arguments/general.ts';
import { shape } from '../arguments/values.ts';
import { type Console, openConsole } from '../console/console.ts';
import { floatLayers, integerKernels } from '../console/fusion.ts';
import { bytes, pairs, table } from '../console/table.ts';
import { contextOf } from '../context.ts';
import { type Inspection, inspect } from '../inspection/inspect.ts';
import { readModelFile } from '../model/file.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends GeneralOptions {
  readonly inputShape?: readonly number[];
}

/** `datafree inspect`: what a model file holds. */
export function inspectCommand(terminal: Terminal): Command {
  const command = new Command('inspect')
    .description('what a model file holds and whether it can be compressed without data')
    .argument('<model>', 'ONNX file')
    .option('--input-shape <C,H,W>', 'shape of one sample where the model file leaves it free', shape('input-shape'));
  withGeneral(command);
  return command.action((model: string, options: Options) => run(model, options, openConsole(terminal, options)));
}

async function run(path: string, options: Options, console: Console): Promise<void> {
  const found = await inspect(await readModelFile(path), options, contextOf(options, console));
  console.result(found, describe(found));
}

function describe(found: Inspection): string {
  const { batchNorms, estimate, fusion, operators, problems } = found;
  const values = (list: Inspection['inputs']): string =>
    list.map(({ name, dtype, shape: dims }) => `${name} ${dtype}[${dims.join(', ')}]`).join('; ');
  const numbers = (list: readonly number[]): string => list.map((value) => value.toFixed(3)).join(', ');
  const parts = [
    pairs([
      ['model', found.model],
      ['size', `${bytes(found.bytes)}, ${found.parameters.toLocaleString('en')} parameters`],
      ['opset', String(found.opset)],
      ['inputs', values(found.inputs)],
      ['outputs', values(found.outputs)],
      ['batch norms', String(batchNorms.length)],
      ...(estimate === null
        ? []
        : ([
            ['input mean', `about ${numbers(estimate.mean)}`],
            ['deviation', `about ${numbers(estimate.deviation)}`],
          ] as const)),
      ...(fusion === null ? [] : ([['integer kernels', integerKernels(fusion)]] as const)),
    ]),
    ...(fusion?.float ? [floatLayers(fusion).join('\n')] : []),
    table(
      ['operator', 'count', 'gradient', ...(fusion === null ? ['quantised'] : [])],
      operators.map(({ op, count, gradient, kernel }) => [
        op,
        String(count),
        gradient ? 'yes' : 'no',
        ...(fusion === null ? [kernel] : []),
      ]),
    ),
  ];
  if (batchNorms.length > 0) {
    parts.push(
      table(
        ['batch norm', 'tensor', 'channels'],
        batchNorms.map(({ node, tensor, channels }) => [node, tensor, String(channels)]),
      ),
    );
  }
  for (const { code, message, hint } of problems) {
    parts.push(`problem [${code}]: ${message}${hint === undefined ? '' : `\n${hint}`}`);
  }
  return parts.join('\n\n');
}
