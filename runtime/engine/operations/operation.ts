/**
 * An operation between its call and its settlement. It learns of its progress only through `apply`, from events that
 * are committed, or will be before anybody outside can tell: the live run and a recovery do the same.
 */
import type { DurableLogger } from "../../logger.ts";
import type { Transacted, Transacting } from "../../stores/transactions.ts";
import type { Body } from "../../requests.ts";
import type { StepContext } from "../../stepContext.ts";
import type { Named } from "../functions.ts";
import type { Place } from "../gate.ts";
import type { QueuePlace } from "../../stores/store.ts";
import type { QueueChoice } from "../queues.ts";
import type { Starting } from "../starts.ts";
import type { OperationEvent, OperationRef, OperationReport } from "../events.ts";
import type { PromiseRecord } from "../promises.ts";
import type { CallbackOperation } from "./callback.ts";

/** What an operation may use of its execution. */
export interface OperationScope {
  /** Execution id. */
  readonly execution: string;
  now(): number;
  /** Chance that is not recorded: jitter, callback ids. */
  random(): number;
  uuid(): string;
  encode(value: unknown): string;
  encodeError(error: unknown): string;
  decode(text: string): unknown;
  /** The id of a function to invoke. Throws `UnknownFunctionError`. */
  functionId(target: Named): string;
  /** The queue that an execution of a function waits in. Throws `UnknownQueueError` and `OperationArgumentError`. */
  placeOf(functionId: string, choice: QueueChoice): QueuePlace | undefined;
  /** Hands an event about `head` over to be committed. */
  report(head: OperationHead, event: OperationReport, more?: ReportOptions): void;
  /** Calls back at (or soon after) `at`, in this process only; returns how to cancel. */
  setTimer(at: number, callback: () => void): () => void;
  /** A place for a body: `begin` is called once it has been entered and the worker has room. */
  placeFor(head: OperationHead, begin: () => void): Place;
  /** Calls `begin` once all that has led to it is committed. */
  whenCommitted(begin: () => void): void;
  /** Runs an attempt's body, or what a simulation puts in its place. */
  runBody(head: OperationHead, attempt: number, run: () => unknown): unknown;
  /** Runs a transaction in the store's database. Rejects with `TransactionError` if it has none. */
  transact(transacting: Omit<Transacting, "epoch" | "execution" | "lease">): Promise<Transacted>;
  /** Runs a step's body on what it shares with durable code, or on copies of it. */
  runShared(
    run: { readonly head: OperationHead; readonly body: Body; readonly isolate: boolean | undefined },
    context: StepContext,
  ): unknown;
  /** Runs ordinary code as if no durable function were around. */
  outside<T>(body: () => T): T;
  logger(head: OperationHead, attempt: number): DurableLogger;
  /** False while events of the journal still say how the operation went. */
  live(head: OperationHead): boolean;
  /** True when this run of the execution was given up: results of bodies still running are dropped. */
  disposed(): boolean;
  /** Starts the submitter of an open callback, as a step of its own. */
  submit(op: CallbackOperation): void;
  /** Asks the store whether the callback's time is over. */
  expire(op: CallbackOperation, callback: string): void;
  /** Removes a settled operation. */
  finish(op: Operation): void;
}

export interface ReportOptions {
  /** The state before it is written with it. */
  readonly snapshot?: boolean;
  /** An execution that begins with it. */
  readonly start?: Starting;
}

/** What every operation has. */
export interface OperationHead extends OperationRef {
  site: number;
  at?: string;
  readonly record: PromiseRecord;
  /** Called as a method of a context: errors come wrapped, as AWS's SDK throws them. */
  readonly wrapped?: boolean;
}

export interface Operation {
  readonly kind:
    "invoke" | "signal" | "step" | "wait" | "callback" | "value" | "checkpoint" | "condition" | "context";
  readonly head: OperationHead;
  /** Does what is to be done next, if nothing is under way: called when live, also after a restore. */
  start(): void;
  apply(event: OperationEvent): void;
  /** When `fire` is wanted next; null: not by time. */
  timer(): number | null;
  fire(now: number): void;
  /** Its body is running: the execution cannot leave memory. */
  busy(): boolean;
  /** What a snapshot needs beside the head. Throws `CannotEncode` when it cannot be restored. */
  save(): Readonly<Record<string, unknown>>;
  /** It is given up: its body, if one runs, is told so. */
  close?(reason: unknown): void;
}
