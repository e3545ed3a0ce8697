/**
 * `parallel` and `map`: when the next branch may start, when the whole is over, and what comes out. Behaviour: AWS's SDK
 * 2.4. Pure: who runs the branches is not known here. A batch is plain data, so it is stored as it stands.
 */
import { BatchCompletionError } from "./errors.ts";
import type { Serdes } from "./serdes.ts";
import type { Branch } from "./requests.ts";

/** How one branch went. */
export interface BatchItem<T> {
  readonly index: number;
  readonly status: BatchItemStatus;
  readonly result?: T;
  readonly error?: Error;
}
export const BatchItemStatus = { SUCCEEDED: "SUCCEEDED", FAILED: "FAILED", STARTED: "STARTED" } as const;
export type BatchItemStatus = keyof typeof BatchItemStatus;

export type CompletionReason =
  | "ALL_COMPLETED"
  | "MIN_SUCCESSFUL_REACHED"
  | "FAILURE_TOLERANCE_EXCEEDED"
  | "CUSTOM_COMPLETION_SUCCEEDED"
  | "CUSTOM_COMPLETION_FAILED";

/** What `shouldComplete` is told. */
export interface CompletionStatus {
  readonly successCount: number;
  readonly failureCount: number;
  readonly completedCount: number;
  readonly totalCount: number;
  readonly items: readonly CompletionItemStatus[];
}

export interface CompletionItemStatus {
  readonly index: number;
  readonly name?: string;
  /** Absent: not started. */
  readonly status?: BatchItemStatus;
}

export const CompletionOutcome = { SUCCEEDED: "SUCCEEDED", FAILED: "FAILED" } as const;
export type CompletionOutcome = keyof typeof CompletionOutcome;

/** For `shouldComplete`: go on. */
export function continueBatch(): CompletionDecision {
  return { complete: false };
}

/** For `shouldComplete`: it is over, as a success or as a failure. */
export function completeBatch(outcome: CompletionOutcome = "SUCCEEDED"): CompletionDecision {
  return { complete: true, outcome };
}

export type CompletionDecision =
  | { readonly complete: false }
  /** Default outcome: SUCCEEDED. */
  | { readonly complete: true; readonly outcome?: "SUCCEEDED" | "FAILED" };

/** When a batch is over before all its branches are. Without any: the first failure. */
export type CompletionConfig = ThresholdCompletionConfig | CustomCompletionConfig;

export interface ThresholdCompletionConfig {
  readonly minSuccessful?: number;
  /** More failures than this end the batch. */
  readonly toleratedFailureCount?: number;
  /** A larger part of all branches than this ends the batch. */
  readonly toleratedFailurePercentage?: number;
  readonly shouldComplete?: never;
}

export interface CustomCompletionConfig {
  /** Decides alone, after each branch. */
  readonly shouldComplete: (status: CompletionStatus) => CompletionDecision;
  readonly minSuccessful?: never;
  readonly toleratedFailureCount?: never;
  readonly toleratedFailurePercentage?: never;
}

export interface Batch {
  /** The text form of each branch's result. */
  readonly itemSerdes?: Serdes<unknown>;
  /** Branches have no operation of their own in the history. */
  readonly flat?: true;
  /** Branches that are at work when it is over are cancelled. Absent: they go on. */
  readonly cancels?: true;
  readonly branches: readonly Branch[];
  readonly concurrency: number;
  readonly completion: CompletionConfig | null;
  /** By index; absent: not started. */
  readonly items: (BatchItem<unknown> | undefined)[];
  successCount: number;
  failureCount: number;
  next: number;
  active: number;
  over: boolean;
  /** Settles when it is over; null before its start. */
  done: Promise<unknown> | null;
}

/** The branch to start next, marked as started; null: none now. */
export function takeNext(batch: Batch): number | null {
  const { branches, active, concurrency, next: index, items } = batch;
  if (batch.over || active >= concurrency || index >= branches.length || !mayContinue(batch)) return null;
  batch.next++;
  batch.active++;
  items[index] = { index, status: "STARTED" };
  return index;
}

/** Notes how a branch ended. True: with it, the whole is over. */
export function noteEnd(batch: Batch, item: BatchItem<unknown>): boolean {
  batch.active--;
  if (batch.over) return false;
  batch.items[item.index] = item;
  if (item.status === "SUCCEEDED") batch.successCount++;
  else batch.failureCount++;
  batch.over = isComplete(batch) || !mayContinue(batch);
  return batch.over;
}

export function toResult(batch: Batch): BatchResult<unknown> {
  const started = batch.items.filter((item) => item !== undefined);
  return new BatchResult(started, toReason(batch));
}

export function newBatch(
  branches: readonly Branch[],
  {
    concurrency,
    completion,
    ...more
  }: Pick<Batch, "concurrency" | "completion" | "cancels" | "flat" | "itemSerdes">,
): Batch {
  const counters = { successCount: 0, failureCount: 0, next: 0, active: 0 };
  return { ...more, branches, concurrency, completion, items: [], ...counters, over: false, done: null };
}

function isExhausted({ successCount, failureCount, branches }: Batch): boolean {
  return successCount + failureCount === branches.length;
}

function decide(batch: Batch, { shouldComplete }: CompletionConfig): CompletionDecision | null {
  if (shouldComplete === undefined) return null;
  const items = batch.branches.map(({ name }, index) => {
    const status = batch.items[index]?.status;
    return { index, ...(name === undefined ? {} : { name }), ...(status === undefined ? {} : { status }) };
  });
  const { successCount, failureCount } = batch;
  const completedCount = successCount + failureCount;
  return shouldComplete({ successCount, failureCount, completedCount, totalCount: items.length, items });
}

function isTolerable(batch: Batch): boolean {
  const { toleratedFailureCount, toleratedFailurePercentage, minSuccessful } = batch.completion ?? {};
  const { failureCount } = batch;
  const limits = [toleratedFailureCount, toleratedFailurePercentage, minSuccessful];
  if (limits.every((limit) => limit === undefined)) return failureCount === 0;
  if (toleratedFailureCount !== undefined && failureCount > toleratedFailureCount) return false;
  const percentage = (failureCount / batch.branches.length) * 100;
  return !(toleratedFailurePercentage !== undefined && percentage > toleratedFailurePercentage);
}

function mayContinue(batch: Batch): boolean {
  const decision = decide(batch, batch.completion ?? {});
  return decision === null ? isTolerable(batch) : !decision.complete;
}

function isComplete(batch: Batch): boolean {
  if (isExhausted(batch)) return true;
  const decision = decide(batch, batch.completion ?? {});
  if (decision !== null) return decision.complete;
  const { minSuccessful } = batch.completion ?? {};
  return minSuccessful !== undefined && batch.successCount >= minSuccessful;
}

function toReason(batch: Batch): CompletionReason {
  const decision = decide(batch, batch.completion ?? {});
  if (decision !== null) {
    if (!decision.complete) return "ALL_COMPLETED";
    return decision.outcome === "FAILED" ? "CUSTOM_COMPLETION_FAILED" : "CUSTOM_COMPLETION_SUCCEEDED";
  }
  if (!isTolerable(batch)) return "FAILURE_TOLERANCE_EXCEEDED";
  return isExhausted(batch) ? "ALL_COMPLETED" : "MIN_SUCCESSFUL_REACHED";
}

/** How a batch went: one item for each branch that was started, in the order of the branches. */
export class BatchResult<T, Values extends readonly unknown[] = readonly T[]> {
  readonly all: readonly BatchItem<T>[];
  readonly completionReason: CompletionReason;

  constructor(all: readonly BatchItem<T>[], completionReason: CompletionReason) {
    this.all = all;
    this.completionReason = completionReason;
  }

  /** As AWS's SDK does, without those that gave nothing. */
  succeeded(): (BatchItem<T> & { readonly result: T })[] {
    return this.all.filter(
      (item): item is BatchItem<T> & { readonly result: T } =>
        item.status === "SUCCEEDED" && item.result !== undefined,
    );
  }

  failed(): (BatchItem<T> & { readonly error: Error })[] {
    return this.all.filter(
      (item): item is BatchItem<T> & { readonly error: Error } => item.status === "FAILED",
    );
  }

  /** Branches that were at work when the batch was over. They go on; nobody waits for them. */
  started(): BatchItem<T>[] {
    return this.all.filter(({ status }) => status === "STARTED");
  }

  getResults(): T[] {
    return this.succeeded().map(({ result }) => result);
  }

  /** The results of all branches, each with its own type. Throws as `throwIfError` does, or when some were not finished. */
  values(): Values {
    this.throwIfError();
    if (this.successCount < this.all.length || this.completionReason !== "ALL_COMPLETED") {
      throw new Error(`Some branches have no result: the batch was over before (${this.completionReason}).`);
    }
    const values: readonly unknown[] = this.all.map(({ result }) => result);
    return values as Values;
  }

  getErrors(): Error[] {
    return this.failed().map(({ error }) => error);
  }

  /** Throws the error of the first branch that failed. */
  throwIfError(): void {
    const [first] = this.failed();
    if (first !== undefined) throw first.error;
    if (this.status === "FAILED") throw new BatchCompletionError(this.completionReason);
  }

  get status(): "SUCCEEDED" | "FAILED" {
    if (this.completionReason === "CUSTOM_COMPLETION_FAILED") return "FAILED";
    if (this.completionReason === "CUSTOM_COMPLETION_SUCCEEDED") return "SUCCEEDED";
    return this.hasFailure ? "FAILED" : "SUCCEEDED";
  }

  get hasFailure(): boolean {
    return this.failureCount > 0;
  }

  get successCount(): number {
    return this.all.filter(({ status }) => status === "SUCCEEDED").length;
  }

  get failureCount(): number {
    return this.failed().length;
  }

  get startedCount(): number {
    return this.started().length;
  }

  get totalCount(): number {
    return this.all.length;
  }
}
