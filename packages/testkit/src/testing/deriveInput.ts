import { differentiate, GraphBuilder, reduceSum, type Value } from '@datafree/core';
import type { Model, Runtime } from '@datafree/plugin';
import { smallNetworkShape } from '../network/smallNetwork.ts';

/** Compiles a derivative by the network's input. */
export async function deriveInput(runtime: Runtime, { graph, input, output }: Model): Promise<void> {
  const b = new GraphBuilder();
  const x = b.input(input.name, 'float32', [1, ...smallNetworkShape]);
  const logits = b.inline(graph, { [input.name]: x })(output.name);
  b.output(differentiate(b, reduceSum(b, logits), [x])[0] as Value, 'derivative');
  const session = await runtime.compile(b.build());
  await session.dispose();
}
