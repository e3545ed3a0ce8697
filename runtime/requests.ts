/** What a frame asks its host for: one plain object an operation. Durations are milliseconds. */
import type { MachineDefinition } from "./contract.ts";
import type { CallbackOptions, StepOptions, Submitter, WaitForCallbackOptions } from "./authoring.ts";
import type { Batch } from "./batch.ts";
import type { ConditionCheck, WaitStrategy } from "./condition.ts";
import type { InvokeOptions } from "./invoke.ts";
import type { Serdes } from "./serdes.ts";
import type { StepContext } from "./stepContext.ts";
import type { Isolation } from "./stores/transactions.ts";
import { TransactionError } from "./errors.ts";
import { bodyOf, outsideFrames } from "./frame.ts";

/** A step's body, in a form that can be stored: code by id, and values. */
export type Body =
  | {
      readonly kind: "call";
      readonly machine: MachineDefinition;
      readonly checkpoint: number;
      readonly args: readonly unknown[];
    }
  | {
      readonly kind: "function";
      readonly fn: (...args: readonly unknown[]) => unknown;
      readonly self: unknown;
      readonly args: readonly unknown[];
    }
  | { readonly kind: "closure"; readonly fn: (context: StepContext) => unknown }
  | { readonly kind: "submitter"; readonly fn: Submitter; readonly callbackId: string }
  /** With a client of the store's database. */
  | {
      readonly kind: "transaction";
      readonly fn: (client: unknown, context: StepContext) => unknown;
      readonly isolation: Isolation | null;
    };

/** Durable code that runs in a context of its own. */
export interface Branch {
  readonly name?: string;
  /** Gets the context first. */
  readonly fn: (...args: readonly unknown[]) => unknown;
  readonly args: readonly unknown[];
}

export type ErrorMapper = (error: unknown) => unknown;

export type Request =
  | {
      readonly kind: "waitForCondition";
      readonly name: string | undefined;
      readonly check: ConditionCheck<unknown>;
      readonly initialState: unknown;
      readonly waitStrategy: WaitStrategy<unknown>;
      readonly serdes: Serdes<unknown> | undefined;
    }
  | {
      readonly kind: "runInChildContext";
      readonly name: string | undefined;
      readonly branch: Branch;
      readonly errorMapper: ErrorMapper | null;
      readonly serdes: Serdes<unknown> | null;
      /** It has no operation of its own. */
      readonly virtual?: true;
      /** Its value is not recorded: it comes from what was recorded before. */
      readonly silent?: true;
      /** What tools are told it is. */
      readonly subType?: string;
    }
  | {
      readonly kind: "invoke";
      readonly name: string | undefined;
      readonly target: string | ((...args: never[]) => unknown);
      readonly input: unknown;
      readonly options: InvokeOptions;
    }
  | {
      readonly kind: "batch";
      readonly name: string | undefined;
      readonly form: "map" | "parallel";
      readonly batch: Batch;
      /** The text form of the whole. Null: its value comes from what its branches recorded. */
      readonly serdes: Serdes<unknown> | null;
    }
  | {
      readonly kind: "step";
      readonly name: string | undefined;
      readonly body: Body;
      /** From the author: checked by the host. */
      readonly options: StepOptions | undefined;
    }
  | { readonly kind: "wait"; readonly name: string | undefined; readonly delayMs: number }
  | {
      readonly kind: "createCallback";
      readonly name: string | undefined;
      readonly options: CallbackOptions;
    }
  | {
      readonly kind: "waitForCallback";
      readonly name: string | undefined;
      readonly submit: Submitter;
      readonly options: WaitForCallbackOptions;
    }
  | {
      readonly kind: "signal";
      readonly name: string;
      readonly iterated: boolean;
      /** Null: it waits for ever. */
      readonly timeoutMs: number | null;
    }
  | { readonly kind: "checkpoint"; readonly name: string | undefined };

/** Runs a step's body as ordinary code. */
export function runBody(body: Body, context: StepContext): unknown {
  return outsideFrames(() => {
    switch (body.kind) {
      case "call":
        return bodyOf(body.machine, body.checkpoint)(...(body.args as never[]));
      case "function":
        return Reflect.apply(body.fn, body.self, body.args);
      case "closure":
        return body.fn(context);
      case "submitter":
        return body.fn(body.callbackId, context);
      case "transaction":
        throw new TransactionError(
          "transaction() needs an execution, whose store has the database. Start the function with " +
            "open({ store, functions }) and engine.start(fn, input).",
        );
    }
  });
}
