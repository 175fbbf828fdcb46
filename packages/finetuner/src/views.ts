import { GraphBuilder, operatorSetOf, type Random } from '@datafree/core';
import type { Augmenter } from '@datafree/inversion';
import type { Context, Model, Tensor } from '@datafree/plugin';

/** Shows batches as learning shows them, in other views than it has shown. */
export interface Views {
  /** @param index of the batch, by which its views are drawn */
  of(data: Tensor, index: number): Promise<Tensor>;
  dispose(): Promise<void>;
}

const [batchName, viewName] = ['batch', 'view'];

/** Compiles the augmentations of an augmenter, if it has any. @param batch samples in each batch */
export async function viewsBy(
  augmenter: Augmenter,
  { model, batch, random }: { readonly model: Model; readonly batch: number; readonly random: Random },
  { runtime, threads }: Context,
): Promise<Views> {
  const b = new GraphBuilder({ name: 'views', operators: operatorSetOf(model) });
  const unchanged = b.input(batchName, 'float32', [batch, ...(model.input.shape.slice(1) as number[])]);
  const seen = augmenter.write(b, unchanged);
  if (seen === unchanged) return { of: async (data) => data, dispose: async () => {} };
  b.output(seen, viewName);
  const session = await runtime.compile(b.build(), { threads });
  return {
    of: async (data, index) => {
      const feeds = { [batchName]: data, ...augmenter.draw(random.fork('view', index)) };
      return (await session.run(feeds))[viewName] as Tensor;
    },
    dispose: () => session.dispose(),
  };
}
