import type { Model } from '@datafree/plugin';
import { standardOperators } from '../ops/index.ts';
import type { OperatorSet } from './operator.ts';

/** The operators that a network is made of: those it was loaded with, or {@link standardOperators}. */
export function operatorSetOf({ operators }: { readonly operators?: Model['operators'] | undefined }): OperatorSet {
  return (operators as OperatorSet | undefined) ?? standardOperators;
}
