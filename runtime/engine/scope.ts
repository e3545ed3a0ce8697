/** An execution as its operations see it. */
import { InputTooLargeError, messageOf } from "../errors.ts";
import { outsideFrames } from "../frame.ts";
import { customLogger } from "../customLogger.ts";
import type { DurableLogger } from "../logger.ts";
import { toLogger } from "../logger.ts";
import type { Execution } from "./execution.ts";
import type { CallbackOperation } from "./operations/callback.ts";
import { submitterOperation } from "./operations/create.ts";
import type { OperationHead, OperationScope } from "./operations/operation.ts";
import { runShared } from "./sharing.ts";
import { payloadCodec } from "./state.ts";

export function operationScope(execution: Execution): OperationScope {
  const { hooks } = execution;
  const { world } = hooks;
  return {
    execution: execution.id,
    setTimer: (at, callback) => world.setTimer(at, callback),
    logger: (head, attempt) => stepLogger(execution, head, attempt),
    whenCommitted: (begin) => execution.whenCommitted(begin),
    placeFor: ({ name }, begin) => hooks.gate.placeFor(execution.id, name, begin),
    runBody({ op, name }, attempt, run) {
      const { observer } = hooks;
      if (world.runBody === undefined && observer?.runBody === undefined) return run();
      const body = { op, ...(name === undefined ? {} : { name }), attempt };
      const simulated = (): unknown =>
        world.runBody === undefined ? run() : world.runBody({ execution: execution.id, ...body }, run);
      return observer?.runBody === undefined
        ? simulated()
        : observer.runBody({ execution, ...body }, simulated);
    },
    runShared: (run, context) => runShared(execution, run, context),
    transact: (transacting) =>
      hooks.transact({ ...transacting, execution: execution.id, lease: execution.lease }),
    outside: outsideFrames,
    live: (head) => execution.isLive(head.op),
    now: () => world.now(),
    random: () => world.random(),
    uuid: () => world.uuid(),
    encode: (value) => payloadCodec.encode(value),
    encodeError,
    decode: (text) => payloadCodec.decode(text),
    functionId: (target) => hooks.functionId(target),
    placeOf: (functionId, choice) => hooks.placeOf(functionId, choice),
    report(head, event, more) {
      if (more === undefined) return execution.send({ head, event, snapshot: false, message: null });
      const { snapshot = false, start } = more;
      execution.send({ head, event, snapshot, message: null, ...(start === undefined ? {} : { start }) });
    },
    disposed: () => execution.disposed || execution.ended !== null,
    submit: (op: CallbackOperation) => execution.begin(submitterOperation(op, execution)),
    expire: (op, callback) => hooks.expire(execution, op, callback),
    finish: ({ head: { op } }) => {
      execution.operations.delete(op);
      execution.settings.forget(op);
    },
  };
}

function stepLogger(
  { id, hooks, settings }: Execution,
  { op, name }: OperationHead,
  attempt: number,
): DurableLogger {
  const place = { execution: id, operation: op, ...(name === undefined ? {} : { name }), attempt };
  const logger = toLogger(hooks.log, place, () => hooks.world.now());
  const custom = settings.find(op, "customLogger");
  if (custom === undefined) return logger;
  const named = name === undefined ? {} : { operationName: name };
  return customLogger(
    custom,
    { executionArn: id, requestId: id, operationId: op, ...named, attempt },
    logger,
  );
}

/**
 * An error must always be recordable, or a failure would be lost. When a property of it cannot be written, what every
 * error has is kept: name, message, stack.
 */
export function encodeError(error: unknown): string {
  try {
    return payloadCodec.encode(error);
  } catch {
    return payloadCodec.encode(toPlainError(error));
  }
}

/** Each part as far as it can be read: an author's getter may throw, and a proxy be revoked. */
function toPlainError(error: unknown): Error {
  const plain = new Error(messageOf(error));
  try {
    if (error instanceof Error) {
      plain.name = String(error.name);
      if (error.stack !== undefined) plain.stack = String(error.stack);
    }
  } catch {
    // Its message is what there is.
  }
  return plain;
}

/** Of an execution's input, or of a signal. Throws `EncodeError` and `InputTooLargeError`. */
export function encodeInput(input: unknown, bytesMax: number): string {
  const payload = payloadCodec.encode(input);
  const bytes = Buffer.byteLength(payload);
  if (bytes <= bytesMax) return payload;
  throw new InputTooLargeError(
    `The value is ${bytes} bytes, over the limit of ${bytesMax}. Store it elsewhere and pass a reference, or raise ` +
      `limits.inputBytes.`,
  );
}
