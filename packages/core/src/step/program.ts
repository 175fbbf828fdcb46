import { DatafreeError, type Graph, type Runtime, type Session, type Tensor, type Tensors } from '@datafree/plugin';
import type { GraphBuilder } from '../graph/builder.ts';
import { typesOf } from '../graph/nodeErrors.ts';
import type { Value } from '../graph/operator.ts';
import { quoted } from '../graph/quoted.ts';
import { tensorFault } from '../graph/wellFormed.ts';
import { inOwnNames } from './ownNames.ts';

/**
 * One step of an iteration written as a graph: state goes in, the next state comes out, and a few values are read.
 * Optimisation of inputs and training of weights are both of this form.
 */
export class StepProgram {
  readonly builder: GraphBuilder;
  readonly #initial = new Map<string, Tensor>();
  readonly #next = new Map<string, string>();
  readonly #reads: string[] = [];

  constructor(builder: GraphBuilder) {
    this.builder = builder;
  }

  /** Declares a state tensor that starts as `initial`. */
  state(name: string, initial: Tensor): Value {
    this.#initial.set(name, initial);
    return this.builder.input(name, initial.dtype, initial.dims);
  }

  /** The name, or the first of `name2`, `name3` and so on that no state begins with: for several of one kind. */
  unusedPrefix(name: string): string {
    for (let count = 1; ; count++) {
      const prefix = count === 1 ? name : `${name}${count}`;
      if (![...this.#initial.keys()].some((own) => own.startsWith(`${prefix}.`))) return prefix;
    }
  }

  /**
   * Sets what a state becomes after the step. A state without next value stays as it is.
   *
   * @throws `value-unknown` for what is no state, `shape-mismatch` for another type or shape
   */
  next(state: Value, value: Value): void {
    for (const own of [state, value]) this.builder.own(own, 'A next state');
    if (!this.#initial.has(state.name)) throw noState(state.name, this.#initial.keys());
    if (typesOf([state]) !== typesOf([value])) {
      throw misfit(state.name, typesOf([state]), `would become ${typesOf([value])}`);
    }
    const output = `${state.name}'`;
    this.builder.output(value, output);
    this.#next.set(state.name, output);
  }

  /** Makes a value readable after each step. */
  read(name: string, value: Value): void {
    this.builder.output(value, name);
    this.#reads.push(name);
  }

  /** The step as a graph: states and feeds are inputs, next states and reads are outputs. */
  graph(): Graph {
    return this.builder.build();
  }

  /**
   * Makes the step ready to run on a runtime. The caller disposes of the runner.
   *
   * @param options.repeated several steps are to be one run where the runtime can: worth it where the state is large
   */
  async compile(
    runtime: Runtime,
    options: { readonly threads?: number | undefined; readonly repeated?: boolean } = {},
  ): Promise<StepRunner> {
    const { threads, repeated = false } = options;
    const own = {
      step: true,
      threads,
      ...(repeated && { carried: this.#next }),
    };
    const session = await inOwnNames(this.builder, () => runtime.compile(this.graph(), own));
    return new StepRunner(this.builder, session, this.#initial, this.#next, this.#reads);
  }
}

/** Runs the steps of a {@link StepProgram} and holds its state. */
export class StepRunner {
  readonly #builder: GraphBuilder;
  readonly #session: Session;
  readonly #next: ReadonlyMap<string, string>;
  readonly #reads: readonly string[];
  readonly #state: Map<string, Tensor>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    builder: GraphBuilder,
    session: Session,
    initial: ReadonlyMap<string, Tensor>,
    next: ReadonlyMap<string, string>,
    reads: readonly string[],
  ) {
    this.#builder = builder;
    this.#session = session;
    this.#state = new Map(initial);
    this.#next = next;
    this.#reads = reads;
  }

  /**
   * Runs one step and returns what is read. Steps that are asked for at once go one after the other.
   *
   * @param feeds the inputs that are not state
   * @throws `option-invalid` for a state among them, and what the runtime throws
   */
  step(feeds: Tensors = {}): Promise<Tensors> {
    return this.#inTurn(() => this.#step(feeds));
  }

  async #step(feeds: Tensors): Promise<Tensors> {
    this.#refuseStates(feeds);
    const given = { ...Object.fromEntries(this.#state), ...feeds };
    const outputs = await inOwnNames(this.#builder, () => this.#session.run(given));
    for (const [state, output] of this.#next) this.#state.set(state, outputs[output] as Tensor);
    return this.#read(outputs);
  }

  /** Whether {@link steps} are one run of the runtime. */
  get repeats(): boolean {
    return this.#session.repeat !== undefined;
  }

  /**
   * Runs several steps and returns what is read after each. Where the runtime repeats them in one run, one that fails
   * leaves the states as they were before all of them.
   *
   * @param feeds of each step the inputs that are not state
   * @throws `option-invalid` for a state among them, and what the runtime throws
   */
  steps(feeds: readonly Tensors[]): Promise<readonly Tensors[]> {
    return this.#inTurn(() => this.#steps(feeds));
  }

  async #steps(feeds: readonly Tensors[]): Promise<readonly Tensors[]> {
    for (const own of feeds) this.#refuseStates(own);
    const session = this.#session;
    if (session.repeat === undefined) {
      const reads: Tensors[] = [];
      for (const own of feeds) reads.push(await this.#step(own));
      return reads;
    }
    const constant = Object.fromEntries([...this.#state].filter(([name]) => !this.#next.has(name)));
    const work = session.repeat(
      Object.fromEntries(this.#state),
      feeds.map((own) => ({ ...constant, ...own })),
    );
    const { carried, results } = await inOwnNames(this.#builder, () => work);
    for (const [state, tensor] of Object.entries(carried)) this.#state.set(state, tensor);
    return results.map((outputs) => this.#read(outputs));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#last.then(work);
    this.#last = own.catch(() => undefined);
    return own;
  }

  /** A state is set, and not fed beside. */
  #refuseStates(feeds: Tensors): void {
    const state = [...this.#state.keys()].find((name) => Object.hasOwn(feeds, name));
    if (state === undefined) return;
    throw new DatafreeError('option-invalid', `"${state}" is a state of the step and cannot be fed.`, {
      path: state,
      hint: `Set it beforehand: runner.set(${JSON.stringify(state)}, tensor).`,
    });
  }

  #read(outputs: Tensors): Tensors {
    return Object.fromEntries(this.#reads.map((name) => [name, outputs[name] as Tensor]));
  }

  /** The present value of a state. @throws `value-unknown` */
  get(state: string): Tensor {
    const tensor = this.#state.get(state);
    if (tensor === undefined) throw noState(state, this.#state.keys());
    return tensor;
  }

  /** Replaces the value of a state. @throws `value-unknown`, `shape-mismatch` */
  set(state: string, tensor: Tensor): void {
    const before = typeOf(this.get(state));
    const fault = tensorFault(tensor);
    if (fault !== undefined) throw misfit(state, before, fault);
    if (before !== typeOf(tensor)) throw misfit(state, before, `was given ${typeOf(tensor)}`);
    this.#state.set(state, tensor);
  }

  /** All states by name, for a checkpoint. */
  get states(): ReadonlyMap<string, Tensor> {
    return this.#state;
  }

  /** Frees the session. */
  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}

function typeOf({ dtype, dims }: Tensor): string {
  return typesOf([{ dtype, shape: dims }]);
}

function misfit(state: string, type: string, problem: string): DatafreeError {
  return new DatafreeError('shape-mismatch', `State "${state}" is ${type}; it ${problem}.`, {
    tensor: state,
    hint: 'A state keeps its element type and shape from step to step.',
  });
}

function noState(name: string, states: Iterable<string>): DatafreeError {
  const known = quoted(states);
  return new DatafreeError('value-unknown', `There is no state "${name}".`, {
    tensor: name,
    hint: known === '' ? 'There are no states.' : `The states are ${known}.`,
  });
}
