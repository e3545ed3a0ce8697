/** One attempt of a transaction: its writes, and the text that is recorded of it, are committed by the store as one. */
import type { Body } from "../../requests.ts";
import { outsideFrames } from "../../frame.ts";
import type { Serdes } from "../../serdes.ts";
import type { StepContext } from "../../stepContext.ts";
import type { OperationHead, OperationScope } from "./operation.ts";
import { writeValue } from "./serdes.ts";

export interface TransactionAttempt {
  /** Rejects if nothing of it is there. */
  run(context: StepContext): Promise<Recorded>;
  /** Too late for a timeout: it is being committed. */
  isCommitting(): boolean;
}

/** The text that is committed already. A simulation that takes the place of the body gives a value instead. */
export class Recorded {
  readonly payload: string;
  constructor(payload: string) {
    this.payload = payload;
  }
}

interface Spec {
  readonly head: OperationHead;
  readonly scope: OperationScope;
  readonly body: Extract<Body, { kind: "transaction" }>;
  readonly serdes: Serdes<unknown> | undefined;
}

export function transactionAttempt({ head, scope, body, serdes }: Spec): TransactionAttempt {
  let committing = false;
  const encode = (value: unknown): Promise<string> =>
    new Promise((resolve, reject) => {
      const record = (recorded: unknown): void => {
        try {
          resolve(scope.encode(recorded));
        } catch (error) {
          reject(error as Error);
        }
      };
      writeValue({ serdes, head, scope }, value, { record, failed: reject });
    });
  return {
    isCommitting: () => committing,
    async run(context) {
      const { fn, isolation } = body;
      const done = await scope.transact({
        op: head.op,
        isolation,
        signal: context.signal,
        body: async (client) => encode(await outsideFrames(() => fn(client, context))),
        committing: () => void (committing = true),
      });
      if (done.kind === "failed") throw done.error;
      return new Recorded(done.body);
    },
  };
}
