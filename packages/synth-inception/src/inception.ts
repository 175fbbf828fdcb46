import { type InversionSettings, searchSettings, statisticsTerm, synthesize, varietyTerms } from '@datafree/inversion';
import { apiVersion, defineSynthesizer, type Synthesizer, type SynthesizerSupports } from '@datafree/plugin';
import {
  type BnsInceptionOptions,
  classTerms,
  type InceptionOptions,
  parseBnsInceptionOptions,
  parseInceptionOptions,
} from './options.ts';

/**
 * Makes samples that the network takes for given classes, each class in turn, kept smooth by a prior: the Inception
 * scheme of "The Knowledge Within" (Haroush et al., CVPR 2020). Samples carry their class.
 *
 * @throws `option-invalid`. `synthesize` throws `option-invalid`, `unsupported` for a network whose output is not one
 *   number a class, `input-unsupported`, `operator-no-gradient`, `not-finite`, `aborted`, `resume-mismatch` and
 *   `runtime-failed`.
 */
export function inception(options: InceptionOptions = {}): Synthesizer {
  const parsed = parseInceptionOptions(options);
  return synthesizer(parsed, false, {
    name: 'inception',
    identity: JSON.stringify(parsed),
    terms: classTerms(parsed),
    labelled: true,
    ...searchSettings(parsed),
  });
}

/**
 * {@link inception} together with the statistics that the network's BatchNormalizations remember: BNS + I of "The
 * Knowledge Within".
 *
 * @throws as {@link inception}, and `batchnorm-missing`
 */
export function bnsInception(options: BnsInceptionOptions = {}): Synthesizer {
  const parsed = parseBnsInceptionOptions(options);
  return synthesizer(parsed, true, {
    name: 'bns+inception',
    identity: JSON.stringify(parsed),
    terms: [statisticsTerm(parsed, parsed.statisticsWeight), ...classTerms(parsed), ...varietyTerms(parsed)],
    labelled: true,
    ...searchSettings(parsed),
  });
}

function synthesizer(
  options: Synthesizer['options'],
  needsBatchNorm: SynthesizerSupports['needsBatchNorm'],
  settings: InversionSettings,
): Synthesizer {
  return defineSynthesizer({
    kind: 'synthesizer',
    name: settings.name,
    apiVersion,
    supports: { needsBatchNorm, needsGradients: true, labels: true, deterministic: true },
    options,
    synthesize: (model, request, context) => synthesize(model, settings, request, context),
  });
}
