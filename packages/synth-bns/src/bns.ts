import { type InversionSettings, searchSettings, statisticsTerm, synthesize, varietyTerms } from '@datafree/inversion';
import { apiVersion, defineSynthesizer, type Synthesizer } from '@datafree/plugin';
import { type BnsOptions, parseBnsOptions } from './options.ts';

/**
 * Makes samples whose statistics inside the network are those that its BatchNormalizations remember from training:
 * BNS of "The Knowledge Within" (Haroush et al., CVPR 2020).
 *
 * @throws `option-invalid`. `synthesize` throws `option-invalid`, `batchnorm-missing`, `input-unsupported`, `unsupported`
 *   (a balance of classes for a network whose output is not one number a class),
 *   `operator-no-gradient`, `not-finite`, `aborted`, `resume-mismatch` and `runtime-failed`.
 */
export function bns(options: BnsOptions = {}): Synthesizer {
  const parsed = parseBnsOptions(options);
  const settings: InversionSettings = {
    name: 'bns',
    identity: JSON.stringify(parsed),
    terms: [statisticsTerm(parsed), ...varietyTerms(parsed)],
    labelled: false,
    ...searchSettings(parsed),
  };
  return defineSynthesizer({
    kind: 'synthesizer',
    name: settings.name,
    apiVersion,
    supports: { needsBatchNorm: true, needsGradients: true, labels: false, deterministic: true },
    options: parsed,
    synthesize: (model, request, context) => synthesize(model, settings, request, context),
  });
}
