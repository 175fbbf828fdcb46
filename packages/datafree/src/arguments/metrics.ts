import { DatafreeError, type Metric } from '@datafree/plugin';
import type { Command } from 'commander';
import { makerOf } from '../plugins/make.ts';
import { assembled, type OwnOption, ownOption, repeated, words } from './values.ts';

/** What is measured on the samples. */
export interface MetricsOptions {
  readonly metrics?: readonly string[];
  readonly metricOption?: readonly OwnOption[];
}

/** Adds the options that say what is measured. */
export function withMetrics(command: Command): Command {
  return command
    .optionsGroup('Measurement:')
    .option('--metrics <list>', 'measure the samples: similarity, or plugins by name or path', words('metrics'))
    .option(
      '--metric-option <metric:name=value>',
      'an option of one of the metrics, several times if needed: similarity:groups=16',
      repeated(ownOption('metric-option')),
    );
}

/** The metrics that the options ask for. @throws `plugin-not-found`, `plugin-invalid`, `plugin-failed`, `option-invalid` */
export async function metricsFor({ metrics = [], metricOption = [] }: MetricsOptions): Promise<readonly Metric[]> {
  const stray = metricOption.find(({ of }) => !metrics.includes(of));
  if (stray !== undefined) {
    throw new DatafreeError('option-invalid', `--metric-option: "${stray.of}" is none of the metrics.`, {
      path: 'metricOption',
      hint: metrics.length === 0 ? 'Name it in --metrics.' : `They are ${metrics.join(', ')}.`,
    });
  }
  const found: Metric[] = [];
  for (const name of metrics) {
    const make = await makerOf('metric', name);
    found.push(make(assembled(metricOption.filter(({ of }) => of === name).map(({ assignment }) => assignment))));
  }
  return found;
}
