import { DatafreeError, type Node } from '@datafree/plugin';
import { stringOf } from '../../graph/attributes.ts';

const reductions: Readonly<Record<string, (old: number, update: number) => number>> = {
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

/** How a scatter joins an update to what is there; undefined when it replaces it. @throws `attribute-invalid` */
export function scatterReduction(node: Node): ((old: number, update: number) => number) | undefined {
  const name = stringOf(node, 'reduction', 'none');
  const join = reductions[name];
  if (join !== undefined || name === 'none') return join;
  throw new DatafreeError('attribute-invalid', `reduction "${name}" of ${node.op} is unknown.`);
}

/**
 * What the adjoint of the data is multiplied with where an update landed: 0 where it was replaced, 1 where it was added
 * to.
 *
 * @throws `operator-no-gradient` for the other reductions
 */
export function dataIsKept(node: Node): boolean {
  const name = stringOf(node, 'reduction', 'none');
  if (name === 'none' || name === 'add') return name === 'add';
  throw new DatafreeError('operator-no-gradient', `with reduction ${name} it has no derivative.`, {
    hint: 'The derivative is there for reductions none and add.',
  });
}
