import { type Graph, isGraph, kindOf, type Model, type Quantized } from '@datafree/plugin';
import { broken } from './broken.ts';

/**
 * What a quantizer or a fine-tuner returned, with `warnings` where it has none.
 *
 * @throws `plugin-failed` when it is no quantised network with the border of the network
 */
export function quantizedBy(plugin: string, model: Model, value: unknown): Quantized {
  const given = objectOf(value);
  if (given === undefined) throw broken(plugin, `gave ${kindOf(value)} where { graph, bits, warnings } is needed`);
  const { graph, bits, warnings = [], fusion, precision } = given;
  if (!isGraph(graph)) throw broken(plugin, `gave ${kindOf(graph)} as graph where a graph is needed`);
  for (const name of ['weights', 'activations']) {
    const width = objectOf(bits)?.[name];
    if (Number.isInteger(width) && (width as number) > 0) continue;
    throw broken(plugin, `gave ${kindOf(width)} as bits.${name} where a whole number from 1 is needed`);
  }
  if (!isList(warnings, (text) => typeof text === 'string')) {
    throw broken(plugin, `gave ${kindOf(warnings)} as warnings where an array of texts is needed`);
  }
  if (fusion !== undefined && !isList(objectOf(fusion)?.layers, objectOf)) {
    throw broken(plugin, `gave ${kindOf(fusion)} as fusion where { integer, float, layers } is needed`);
  }
  const parts = objectOf(precision);
  if (precision !== undefined && !(isList(parts?.layers, objectOf) && isList(parts?.table, objectOf))) {
    throw broken(plugin, `gave ${kindOf(precision)} as precision where { budget, layers, table } is needed`);
  }
  checkBorder(plugin, model.graph, graph);
  return { ...(value as Quantized), warnings };
}

function checkBorder(plugin: string, before: Graph, after: Graph): void {
  const [was, is] = [borderOf(before), borderOf(after)];
  if (is !== was) throw broken(plugin, `changed the network from ${was} to ${is}`);
}

function borderOf({ inputs, outputs }: Graph): string {
  const list = (values: Graph['inputs']): string =>
    values.map((info) => `${info?.name} ${info?.dtype}[${info?.shape}]`).join(', ');
  return `(${list(inputs)}) -> (${list(outputs)})`;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}

function isList(value: unknown, is: (entry: unknown) => unknown): value is never[] {
  return Array.isArray(value) && value.every(is);
}
