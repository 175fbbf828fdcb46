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

/** What is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: unknown })[] | undefined;
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
  const lines = result.issues.map((issue) => `${pathOf(issue) || '(options)'}: ${describeIssue(schema, issue)}`);
  throw new DatafreeError('option-invalid', `${plugin}: ${lines.join('; ')}`, {
    plugin,
    path: result.issues[0] === undefined ? undefined : pathOf(result.issues[0]),
    hint: listHint(result.issues[0]) ?? `Look up the options of ${plugin} in its README.`,
  });
}

/** How to write one value where a list is wanted, where the schema tells that (valibot does). */
function listHint(issue: SchemaIssue | undefined): string | undefined {
  const { expected, input } = (issue ?? {}) as { readonly expected?: unknown; readonly input?: unknown };
  if (typeof input !== 'string' || typeof expected !== 'string' || !/\bArray\b/.test(expected)) return undefined;
  return `Give a list: ${JSON.stringify(input.split(',').map((part) => part.trim()))}.`;
}

function pathOf(issue: SchemaIssue): string {
  return keysOf(issue).join('.');
}

function keysOf({ path = [] }: SchemaIssue): string[] {
  return path.map((part) => String(typeof part === 'object' ? part.key : part));
}

/**
 * What is wrong, in words: the message of the issue, but for an unknown name the names that there are, where the schema
 * tells them (valibot does).
 */
export function describeIssue(schema: unknown, issue: SchemaIssue): string {
  const keys = keysOf(issue);
  if ((issue as { readonly expected?: unknown }).expected !== 'never') return issue.message;
  const known = namesIn(keys.slice(0, -1).reduce(entryOf, schema));
  return known === undefined ? issue.message : unknownOption(known);
}

/** The part of a schema of valibot that tells what an object holds. */
interface ObjectSchema {
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly wrapped?: unknown;
}

/** The schema of an object itself, out of what may surround it. */
function objectIn(schema: unknown): ObjectSchema | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const { entries, wrapped } = schema as ObjectSchema;
  return typeof entries === 'object' ? schema : objectIn(wrapped);
}

function entryOf(schema: unknown, key: string): unknown {
  return objectIn(schema)?.entries?.[key];
}

function namesIn(schema: unknown): readonly string[] | undefined {
  const entries = objectIn(schema)?.entries;
  return entries && Object.keys(entries);
}

/**
 * Checks that options are an object that holds nothing but known names.
 *
 * @param of what takes them, for the message
 * @throws `option-invalid` with the name as its path, or without one when they are no object
 */
export function checkNames(of: string, options: unknown, known: readonly string[]): void {
  if (!isPlain(options)) {
    throw new DatafreeError(
      'option-invalid',
      `${of}: ${kindOf(options)} was given where an object of options is needed.`,
      {
        path: '(options)',
        hint: `Give an object with some of ${known.join(', ')}.`,
      },
    );
  }
  const path = Object.keys(options).find((name) => !known.includes(name));
  if (path === undefined) return;
  throw new DatafreeError('option-invalid', `${of}: ${path}: ${unknownOption(known)}`, {
    path,
    hint: 'Correct the name, or leave the option out.',
  });
}

/** True for what object literals and spreads make. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What kind of value this is, for messages: "nothing", "the number 4", "a Uint8Array". */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (typeof value === 'function') return 'a function';
  const name = Object.getPrototypeOf(value)?.constructor?.name as string | undefined;
  return name === undefined || name === 'Object' ? 'another object' : `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

function unknownOption(known: readonly string[]): string {
  return `there is no such option; there are ${known.join(', ')}`;
}
