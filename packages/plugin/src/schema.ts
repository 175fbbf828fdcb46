import { DatafreeError } from './errors.ts';

/** The part of the Standard Schema interface (standardschema.dev, version 1) that options are described by. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Checks a plugin's options against their schema and fills in the defaults.
 *
 * @throws `option-invalid` with the path of the first issue; all issues are in the message
 */
export function parseOptions<Input, Output>(
  plugin: string,
  schema: StandardSchema<Input, Output>,
  options: Input | undefined,
): Output {
  const result = schema['~standard'].validate(options ?? {});
  if (result instanceof Promise) {
    throw new DatafreeError('plugin-invalid', `${plugin}: its option schema is asynchronous.`, {
      plugin,
      hint: 'Describe options by a schema that validates synchronously.',
    });
  }
  if (result.issues === undefined) return result.value;
  const lines = result.issues.map((issue) => `${pathOf(issue) || '(options)'}: ${issue.message}`);
  throw new DatafreeError('option-invalid', `${plugin}: ${lines.join('; ')}`, {
    plugin,
    path: result.issues[0] === undefined ? undefined : pathOf(result.issues[0]),
    hint: `Look up the options of ${plugin} in its README.`,
  });
}

function pathOf(issue: SchemaIssue): string {
  return (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}
