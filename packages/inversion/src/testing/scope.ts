import { type GraphBuilder, tensorOf, type Value } from '@datafree/core';
import type { Model, Tensor } from '@datafree/plugin';
import type { InputEstimate } from '../estimate/estimate.ts';
import type { Term, TermScope } from '../terms/term.ts';

/** What surrounds a term in a test. */
export interface TestScope {
  readonly estimate?: InputEstimate;
  /** Network input for units; the same when absent. */
  readonly input?: (b: GraphBuilder, unit: Value) => Value;
  /** One-hot rows. */
  readonly classes?: Tensor;
  readonly overSet?: TermScope['overSet'];
}

/** Writes a term of a network's own as a function of the samples. */
export function termOf(term: Term, model: Model, scope: TestScope = {}) {
  return (b: GraphBuilder, unit: Value): Value => {
    const input = scope.input?.(b, unit) ?? unit;
    const inside = b.inline(model.graph, { [model.input.name]: input }, { wanted: term.reads(model) });
    return term.write({
      builder: b,
      model,
      estimate: scope.estimate ?? { mean: [], deviation: [], octaves: [], known: false },
      unit,
      input,
      network: inside,
      classes: () => b.constant(scope.classes ?? tensorOf('float32', [0], [])),
      overSet: scope.overSet ?? ((_, value) => value),
    });
  };
}
