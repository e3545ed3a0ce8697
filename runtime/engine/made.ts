/**
 * Promises of `new Promise(...)` and `Promise.withResolvers()`. Durable code that calls their functions settles them like
 * any assignment. Code that was not compiled (a timer, an emitter) may have them too: what it says is an event, as
 * nothing that it does would happen again after a restart.
 */
import type { Deferred, Outcome } from "../frame.ts";
import { EncodeError } from "../errors.ts";
import { currentFrame } from "../frame.ts";
import type { Extension } from "../values/contract.ts";
import type { Execution } from "./execution.ts";
import type { Operation, OperationHead } from "./operations/operation.ts";
import type { PromiseRecord } from "./promises.ts";
import { saveState } from "./state.ts";

export interface Made extends Operation {
  readonly kind: "value";
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** The last state that was written holds what can settle it, or nothing holds it. Null: there has been none since. */
  held: boolean | null;
  /** Code outside has settled it, and the event is on its way. */
  told: boolean;
}

/** Of one execution. */
export class MadePromises {
  private readonly execution: Execution;
  private readonly pending = new Map<string, Made>();
  private readonly settlers = new WeakMap<
    object,
    { readonly made: Made; readonly word: "resolve" | "reject" }
  >();
  /** What the state that is being written has reached. */
  private readonly reached = new Set<object>();
  /** After which event it was asked last. */
  private asked = -1;
  /** Of a state that cannot be written: the promise that nothing in it can settle. */
  private lost: Promise<unknown> | null = null;

  constructor(execution: Execution) {
    this.execution = execution;
  }

  make(op: string): Deferred {
    const record = this.execution.promises.create({ kind: "made", op });
    const { resolve, reject } = this.add(op, record);
    return { promise: record.promise, resolve, reject };
  }

  /** A stop: whatever waits for one of them gets the error. */
  rejectAll(error: unknown): void {
    for (const { head } of this.pending.values()) head.record.reject(error);
    this.pending.clear();
  }

  find(op: string): Made | undefined {
    return this.pending.get(op);
  }

  /** Code outside may settle one of them: the execution cannot leave memory. Every frame is parked. */
  busy(): boolean {
    const pending = [...this.pending.values()];
    if (pending.some(({ held }) => held === null) && this.asked !== this.execution.applied) {
      this.asked = this.execution.applied;
      this.tryState();
    }
    return pending.some(({ held }) => held !== true);
  }

  /** Only writing it tells what a state holds. */
  private tryState(): void {
    try {
      saveState(this.execution);
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
    }
  }

  /** Of a restored promise. */
  add(op: string, record: PromiseRecord): Made {
    const known = this.pending.get(op);
    if (known !== undefined) return known;
    const settler = (threw: boolean): ((value: unknown) => void) => {
      // Like the language's own: without a name.
      return (value) => this.settle(made, { threw, value });
    };
    const head: OperationHead = { op, site: 0, record };
    const made: Made = {
      ...madeOperation(this.execution, head, () => this.pending.delete(op)),
      resolve: settler(false),
      reject: settler(true),
    };
    this.settlers.set(made.resolve, { made, word: "resolve" });
    this.settlers.set(made.reject, { made, word: "reject" });
    this.pending.set(op, made);
    return made;
  }

  private settle(made: Made, { threw, value }: Outcome): void {
    const { record, op } = made.head;
    if (record.decided || made.told || this.execution.disposed) return;
    if (currentFrame()?.task?.host !== this.execution.host) return this.tell(made, { threw, value });
    this.pending.delete(op);
    if (threw) record.reject(value);
    else record.resolve(value);
  }

  /** From outside. The first call counts; a promise given is waited for first. */
  private tell(made: Made, { threw, value }: Outcome): void {
    const { head } = made;
    if (!this.execution.isLive(head.op)) return;
    made.told = true;
    const { scope } = this.execution;
    const reject = (error: unknown): void =>
      scope.report(head, { kind: "ValueRejected", time: scope.now(), payload: scope.encodeError(error) });
    if (threw) return reject(value);
    new Promise((resolve) => resolve(value)).then((result) => {
      try {
        scope.report(head, { kind: "ValueFulfilled", time: scope.now(), payload: scope.encode(result) });
      } catch (error) {
        reject(error);
      }
    }, reject);
  }

  // ---- in the state

  /** Notes that the state holds it; the reason, if it cannot. */
  reach(promise: Promise<unknown>): string | null {
    this.reached.add(promise);
    return promise === this.lost
      ? "nothing in the state can settle it: code that is not durable has its resolve function; wait for that code in a step"
      : null;
  }

  /** Writes a state. A promise that only code outside could settle would wait for ever after a restart. */
  write(encode: () => string): string {
    this.reached.clear();
    this.lost = null;
    const text = encode();
    const isReached = ({ resolve, reject }: Made): boolean =>
      this.reached.has(resolve) || this.reached.has(reject);
    for (const made of this.pending.values()) {
      const { promise } = made.head.record;
      made.held = !this.reached.has(promise) || isReached(made);
      if (!made.held) this.lost = promise;
    }
    // Once more: it fails now, where that promise is.
    return this.lost === null ? text : encode();
  }

  readonly extension: Extension = {
    tag: "r",
    matches: (value) => this.settlers.has(value),
    write: (value) => {
      this.reached.add(value);
      const { made, word } = this.settlers.get(value) as { readonly made: Made; readonly word: string };
      return [made.head.op, word, made.head.record.promise];
    },
    create: ([op, word, promise]) => {
      const record = this.execution.promises.find(promise);
      const made = this.add(
        String(op),
        record ?? this.execution.promises.create({ kind: "made", op: String(op) }),
      );
      if (made.head.record.settled !== null) this.pending.delete(String(op));
      return word === "resolve" ? made.resolve : made.reject;
    },
  };
}

function madeOperation(
  { scope }: Execution,
  head: OperationHead,
  finish: () => void,
): Omit<Made, "resolve" | "reject"> {
  return {
    kind: "value",
    head,
    held: null,
    told: false,
    start: () => undefined,
    apply(event) {
      finish();
      const { record } = head;
      if (event.kind === "ValueFulfilled") record.resolve(scope.decode(event.payload));
      else if (event.kind === "ValueRejected") record.reject(scope.decode(event.payload));
    },
    timer: () => null,
    fire: () => undefined,
    busy: () => false,
    save: () => ({}),
  };
}
