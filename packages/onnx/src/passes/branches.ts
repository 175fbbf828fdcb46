import { numbersOf } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import { write } from '../lift/rule.ts';
import { NameSupply } from '../names.ts';
import { renameValues } from './rename.ts';

/**
 * Puts the branch that is taken in the place of each If whose condition is known.
 *
 * @param contentOf the content of a value that is constant; initializers when absent
 * @returns the graph itself when it has no such If
 */
export function resolveBranches(
  graph: Graph,
  contentOf: (name: string) => Tensor | undefined = (name) => graph.initializers.get(name),
): Graph {
  if (!graph.nodes.some((node) => takenBranch(node, contentOf) !== undefined)) return graph;
  const initializers = new Map(graph.initializers);
  const values = new NameSupply([
    ...initializers.keys(),
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const nodeNames = new NameSupply(graph.nodes.map((node) => node.name));
  const expand = (node: Node): readonly Node[] => {
    const branch = takenBranch(node, (name) => contentOf(name) ?? initializers.get(name));
    if (branch === undefined) return [node];
    const produced = branch.nodes.flatMap((inner) => inner.outputs);
    const names = new Map<string, string>();
    const handedOn: { readonly from: string; readonly to: string }[] = [];
    branch.outputs.forEach(({ name }, i) => {
      const output = node.outputs[i] ?? '';
      if (output === '') return;
      if (produced.includes(name) && !names.has(name)) names.set(name, output);
      else handedOn.push({ from: name, to: output });
    });
    for (const name of [...branch.initializers.keys(), ...produced]) {
      if (name !== '' && !names.has(name)) names.set(name, values.unused(name));
    }
    const rename = (name: string): string => names.get(name) ?? name;
    for (const [name, tensor] of branch.initializers) initializers.set(rename(name), tensor);
    return [
      ...branch.nodes.map((inner) => renameValues(inner, rename)),
      ...handedOn.map(({ from, to }) => write('Identity', [rename(from)], to)),
    ].flatMap((inner) => expand({ ...inner, name: nodeNames.unused(inner.name) }));
  };
  return { ...graph, nodes: graph.nodes.flatMap(expand), initializers };
}

function takenBranch(node: Node, contentOf: (name: string) => Tensor | undefined): Graph | undefined {
  if (node.op !== 'If' || node.domain !== '') return undefined;
  const condition = contentOf(node.inputs[0] as string);
  if (condition === undefined || condition.data.length !== 1) return undefined;
  const branch = node.attributes[numbersOf(condition)[0] ? 'then_branch' : 'else_branch'];
  return branch?.type === 'graph' ? branch.value : undefined;
}
