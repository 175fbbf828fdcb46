import { numbersOf } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import { write } from '../lift/rule.ts';
import { NameSupply } from '../names.ts';
import { renameValues } from './rename.ts';

/** Puts the branch that is taken in the place of each If whose condition is an initializer. */
export function resolveBranches(graph: Graph): Graph {
  if (!graph.nodes.some((node) => node.op === 'If' && node.domain === '')) return graph;
  const initializers = new Map(graph.initializers);
  const values = new NameSupply([
    ...initializers.keys(),
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const nodeNames = new NameSupply(graph.nodes.map((node) => node.name));
  const expand = (node: Node): readonly Node[] => {
    const branch = takenBranch(node, initializers);
    if (branch === undefined) return [node];
    const names = new Map<string, string>();
    const inside = [...branch.initializers.keys(), ...branch.nodes.flatMap((inner) => inner.outputs)];
    const produced = new Set(branch.nodes.flatMap((inner) => inner.outputs));
    const handedOn: Node[] = [];
    branch.outputs.forEach(({ name }, i) => {
      const output = node.outputs[i] ?? '';
      if (output === '') return;
      if (produced.has(name) && !names.has(name)) names.set(name, output);
      else handedOn.push(write('Identity', [name], output));
    });
    for (const name of inside) if (name !== '' && !names.has(name)) names.set(name, values.unused(name));
    const rename = (name: string): string => names.get(name) ?? name;
    for (const [name, tensor] of branch.initializers) initializers.set(rename(name), tensor);
    const copies = handedOn.map((copy) => ({ ...copy, inputs: copy.inputs.map(rename) }));
    return [...branch.nodes.map((inner) => renameValues(inner, rename)), ...copies].flatMap((inner) =>
      expand({ ...inner, name: nodeNames.unused(inner.name) }),
    );
  };
  return { ...graph, nodes: graph.nodes.flatMap(expand), initializers };
}

function takenBranch(node: Node, initializers: ReadonlyMap<string, Tensor>): Graph | undefined {
  if (node.op !== 'If' || node.domain !== '') return undefined;
  const condition = initializers.get(node.inputs[0] as string);
  if (condition === undefined || condition.data.length !== 1) return undefined;
  const branch = node.attributes[numbersOf(condition)[0] ? 'then_branch' : 'else_branch'];
  return branch?.type === 'graph' ? branch.value : undefined;
}
