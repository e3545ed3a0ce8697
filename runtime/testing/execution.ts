/** One execution of a test, as it is in the store. */
import type { HistoryEvent, Places } from "../engine/history.ts";
import { toHistory } from "../engine/history.ts";
import type { ExecutionView } from "../engine/view.ts";
import { readView } from "../engine/view.ts";
import { UnknownExecutionError } from "../errors.ts";
import type { ExecutionStatus, Store } from "../stores/store.ts";
import type { OperationView } from "./operations.ts";
import { toOperations } from "./operations.ts";
import type { TestRunner } from "./runner.ts";

/** What is in the store, read further whenever the engine is at rest. */
export class ExecutionRecord {
  readonly id: string;
  private readonly store: Store;
  private events: readonly HistoryEvent[] = [];
  private readonly places: Places = new Map();
  private row: ExecutionView | null = null;
  private folded: { readonly at: number; readonly operations: readonly OperationView[] } | null = null;

  constructor(id: string, store: Store) {
    this.id = id;
    this.store = store;
  }

  async read(): Promise<void> {
    for (;;) {
      const page = await this.store.history(this.id, this.events.at(-1)?.seq ?? 0, 1_000);
      if (page.length > 0) this.events = [...this.events, ...toHistory(page, this.places)];
      if (page.length < 1_000) break;
    }
    this.row = await readView(this.store, this.id);
  }

  get view(): ExecutionView {
    if (this.row === null) throw new UnknownExecutionError(`There is no execution "${this.id}".`);
    return this.row;
  }

  get history(): readonly HistoryEvent[] {
    return this.events;
  }

  get operations(): readonly OperationView[] {
    if (this.folded?.at !== this.events.length) {
      this.folded = { at: this.events.length, operations: toOperations(this.events) };
    }
    return this.folded.operations;
  }

  describeOpen(): readonly string[] {
    return this.operations
      .filter(({ status }) => status === "STARTED" || status === "PENDING")
      .map(({ kind, name = "without a name", source }) => {
        const where = source === undefined ? "" : ` (${source.file}:${source.line})`;
        return `${kind} "${name}"${where} of ${this.id}`;
      });
  }
}

/** An operation, and what a test can do with it. */
export interface TestOperation extends OperationView {
  /** Settles the callback. */
  succeed(value?: unknown): Promise<void>;
  fail(error: unknown): Promise<void>;
  heartbeat(): Promise<void>;
}

export class TestExecution<O = unknown> {
  readonly id: string;
  private readonly record: ExecutionRecord;
  private readonly runner: TestRunner;

  constructor(record: ExecutionRecord, runner: TestRunner) {
    this.id = record.id;
    this.record = record;
    this.runner = runner;
  }

  /** Passes over time until the execution has ended, however it does. */
  async ended(): Promise<this> {
    const isOver = (): boolean => this.status !== "RUNNING";
    await this.runner.drive(isOver, `The end of ${this.id} (${this.record.view.function})`);
    return this;
  }

  /**
   * Passes over time until an operation of this name is in the journal (a callback: is open; a step: has made an
   * attempt), or has the status that is asked for. `index`: the how manieth of this name, from 0.
   */
  async waitForOperation(
    name: string,
    { index = 0, status }: { readonly index?: number; readonly status?: OperationView["status"] } = {},
  ): Promise<TestOperation> {
    const find = (): OperationView | undefined => this.named(name)[index];
    const isThere = (): boolean => {
      const found = find();
      return found !== undefined && (status === undefined || found.status === status);
    };
    const which = `operation "${name}"${index === 0 ? "" : `, index ${index}`}`;
    await this.runner.drive(
      () => isThere() || this.status !== "RUNNING",
      `The ${which}${status === undefined ? "" : ` with status ${status}`}`,
    );
    const found = find();
    if (found !== undefined && isThere()) return this.toOperation(found);
    throw new Error(`${this.id} ended ${this.status} without the ${which}. ${this.listing()}`);
  }

  get status(): ExecutionStatus {
    return this.record.view.status;
  }

  /** Throws the execution's error if it has failed, and if it has not ended yet. */
  get result(): O {
    const { status, result, error } = this.record.view;
    if (status === "SUCCEEDED") return result as O;
    if (status === "RUNNING") throw new Error(`${this.id} has not ended: await execution.ended() first.`);
    throw error;
  }

  /** Undefined unless it failed, timed out or was stopped. */
  get error(): unknown {
    return this.record.view.error;
  }

  /** Everything else that is known of it. */
  get view(): ExecutionView {
    return this.record.view;
  }

  /** All events, in order. */
  get history(): readonly HistoryEvent[] {
    return this.record.history;
  }

  /** All operations that have an event, in program order. */
  getOperations(
    filter: Partial<Pick<OperationView, "name" | "status" | "kind">> = {},
  ): readonly TestOperation[] {
    return this.record.operations
      .filter(
        ({ name, status, kind }) =>
          (filter.name === undefined || filter.name === name) &&
          (filter.status === undefined || filter.status === status) &&
          (filter.kind === undefined || filter.kind === kind),
      )
      .map((operation) => this.toOperation(operation));
  }

  /** The first operation of this name, or the one at `index` (from 0) among them. Throws when there is none. */
  getOperation(name: string, index = 0): TestOperation {
    return this.found(this.named(name)[index], `"${name}"${index === 0 ? "" : `, index ${index}`}`);
  }

  /** By its place among all operations, from 0. */
  getOperationByIndex(index: number): TestOperation {
    return this.found(this.record.operations[index], `at index ${index}`);
  }

  getOperationById(id: string): TestOperation {
    return this.found(
      this.record.operations.find((operation) => operation.id === id),
      `with id ${id}`,
    );
  }

  openCallbacks(): readonly TestOperation[] {
    return this.getOperations({ kind: "callback", status: "STARTED" });
  }

  private named(name: string): readonly OperationView[] {
    return this.record.operations.filter((operation) => operation.name === name);
  }

  private found(operation: OperationView | undefined, which: string): TestOperation {
    if (operation !== undefined) return this.toOperation(operation);
    throw new Error(`${this.id} has no operation ${which}. ${this.listing()}`);
  }

  private listing(): string {
    const all = this.record.operations.map(({ id, kind, name }) => `${id} ${kind} "${name ?? ""}"`);
    return `Its operations: ${all.join(", ") || "none"}.`;
  }

  private toOperation(operation: OperationView): TestOperation {
    const { callbackId, name = operation.id, kind } = operation;
    const settle = async (how: (callbacks: CallbackFace, id: string) => Promise<void>): Promise<void> => {
      if (callbackId === undefined) {
        throw new TypeError(`"${name}" is a ${kind}: only a callback can be settled.`);
      }
      await how(this.runner.engine.callbacks, callbackId);
    };
    return {
      ...operation,
      succeed: (value) => settle((callbacks, id) => callbacks.succeed(id, value)),
      fail: (error) => settle((callbacks, id) => callbacks.fail(id, error)),
      heartbeat: () => settle((callbacks, id) => callbacks.heartbeat(id)),
    };
  }
}

type CallbackFace = TestRunner["engine"]["callbacks"];
