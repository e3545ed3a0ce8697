/** The bodies of steps in a test: which fail, which hang, and that none runs again once its result is recorded. */
import type { BodyAtWork } from "../engine/world.ts";
import type { Commit } from "../stores/store.ts";

export interface StepCall {
  readonly execution: string;
  /** Operation id. */
  readonly op: string;
  readonly name?: string;
  /** From 1. */
  readonly attempt: number;
  /** Runs the step's own body. */
  run(): unknown;
}

/** What a step does in a test: its result is the attempt's, and what it throws is the attempt's error. */
export type StepHandler = (call: StepCall) => unknown;

interface Fault {
  readonly name: string;
  readonly handler: StepHandler;
}

/** Never settles. */
const NEVER: Promise<never> = new Promise(() => undefined);

export class Bodies {
  private readonly faults: Fault[] = [];
  /** Names of all steps that ran. */
  private readonly names = new Set<string>();
  /** Operations whose body hangs on purpose. */
  private readonly hanging = new Set<string>();
  /** Operations whose success is recorded. */
  private readonly finished = new Set<string>();
  /** Bodies that were run although their result was recorded. */
  readonly repeated: string[] = [];

  /** Later handlers come first: they may narrow down earlier ones. */
  on(name: string, handler: StepHandler): void {
    this.faults.unshift({ name, handler });
  }

  hang({ execution, op }: StepCall): Promise<never> {
    this.hanging.add(`${execution} ${op}`);
    return NEVER;
  }

  isHanging({ execution, op }: Omit<BodyAtWork, "attempt">): boolean {
    return this.hanging.has(`${execution} ${op}`);
  }

  run(body: BodyAtWork, run: () => unknown): unknown {
    const key = `${body.execution} ${body.op}`;
    this.hanging.delete(key);
    this.names.add(body.name ?? "");
    if (this.finished.has(key)) {
      this.repeated.push(`${body.name ?? "a step"} (operation ${body.op}), attempt ${body.attempt}`);
    }
    const handlers = this.faults.filter(({ name }) => name === body.name);
    const next = (index: number): unknown => {
      const fault = handlers[index];
      return fault === undefined ? run() : fault.handler({ ...body, run: () => next(index + 1) });
    };
    return next(0);
  }

  /** Told of each commit once it is in the store. */
  committed(commits: readonly Commit[]): void {
    for (const { execution, events } of commits) {
      for (const { kind, body } of events) {
        if (kind !== "StepSucceeded" && kind !== "ConditionSucceeded") continue;
        const { op } = JSON.parse(body.split("\n", 1)[0] ?? "{}") as { readonly op?: string };
        this.finished.add(`${execution} ${op ?? ""}`);
      }
    }
  }

  /** Names that a test has plans for, and that no step bore: a misspelt one would make the test say nothing. */
  unused(): readonly string[] {
    return [...new Set(this.faults.map(({ name }) => name))].filter((name) => !this.names.has(name));
  }

  get seen(): readonly string[] {
    return [...this.names];
  }
}
