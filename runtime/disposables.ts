/**
 * What `using` and `await using` have opened in one scope, and how the scope closes it: the standard's order, its awaits
 * and its chain of errors, with everything that is left in the open.
 *
 *     entry:  $using1.leave($then1, $with1);
 *     loop:   if ($using1.next()) park on $using1.awaited; a rejection: $using1.fail(error); again
 *     after:  $using1.end()
 */
import { findData } from "./protocol.ts";

type Method = (this: unknown) => unknown;

/** `bare`: nothing (`await using x = null`), which may still make the scope wait once. `late`: async by its sync method. */
export type ResourceKind = "sync" | "async" | "late" | "bare";

export interface Resource {
  readonly kind: ResourceKind;
  readonly value: unknown;
  /** Read once, as the language does; null after a restore, if it is the one that the value still has. */
  readonly method: unknown;
}

/** How far a scope has got with closing. */
export interface Progress {
  needsAwait: boolean;
  hasAwaited: boolean;
  /** How the scope is left: with this error, which a failing resource chains to. */
  failure: { readonly error: unknown } | null;
  /** Thrown by a sync method where an async one stands: it counts only after the wait. */
  postponed: { readonly error: unknown } | null;
}

/** The completion of a region that an exception led out of. */
const THREW = 1;

export class Disposables {
  /** What the scope waits for after `next`. */
  awaited: unknown = undefined;
  private readonly resources: Resource[];
  private readonly progress: Progress;

  constructor(resources: Resource[], progress: Progress) {
    this.resources = resources;
    this.progress = progress;
  }

  use<T>(value: T): T {
    if (value === null || value === undefined) return value;
    const method = disposeOf(value, Symbol.dispose);
    if (method === undefined) throw noMethod();
    this.resources.push({ kind: "sync", value, method });
    return value;
  }

  useAsync<T>(value: T): T {
    if (value === null || value === undefined) {
      this.resources.push({ kind: "bare", value: undefined, method: undefined });
      return value;
    }
    const method = disposeOf(value, Symbol.asyncDispose);
    const fallback = method === undefined ? disposeOf(value, Symbol.dispose) : undefined;
    if (method === undefined && fallback === undefined) throw noMethod();
    this.resources.push({ kind: method === undefined ? "late" : "async", value, method: method ?? fallback });
    return value;
  }

  /** `completion` and `value`: how the scope was left. */
  leave(completion: number, value: unknown): void {
    if (completion === THREW) this.progress.failure = { error: value };
  }

  /** Closes what it can; true: `awaited` has to be awaited before it goes on. */
  next(): boolean {
    const { progress } = this;
    const { postponed } = progress;
    progress.postponed = null;
    if (postponed !== null) this.fail(postponed.error);
    for (let top = this.resources.pop(); top !== undefined; top = this.resources.pop()) {
      if (top.kind === "bare") progress.needsAwait = true;
      else if (top.kind === "sync" && progress.needsAwait && !progress.hasAwaited) {
        this.resources.push(top);
        return this.waitOnce();
      } else if (this.close(top)) return true;
    }
    return progress.needsAwait && !progress.hasAwaited && this.waitOnce();
  }

  /** A resource could not be closed. */
  fail(error: unknown): void {
    const { failure } = this.progress;
    this.progress.failure = { error: failure === null ? error : toSuppressed(error, failure.error) };
  }

  /** Throws what closing, or leaving, has come to. */
  end(): void {
    const { failure } = this.progress;
    if (failure !== null) throw failure.error;
  }

  /** What a snapshot holds. */
  save(): readonly unknown[] {
    const saved = this.resources.map(({ kind, value, method }) => {
      const own = value !== undefined && method === findData(value as object, symbolOf(kind));
      return { kind, value, method: own ? null : method };
    });
    return [saved, this.progress];
  }

  private waitOnce(): boolean {
    this.progress.needsAwait = false;
    this.awaited = undefined;
    return true;
  }

  /** True: it has to be awaited. */
  private close({ kind, value, method }: Resource): boolean {
    const called = (method ?? (value as Record<symbol, unknown>)[symbolOf(kind)]) as Method;
    try {
      const result: unknown = Reflect.apply(called, value, []);
      this.awaited = kind === "async" ? result : undefined;
    } catch (error) {
      if (kind !== "late") {
        this.fail(error);
        return false;
      }
      this.progress.postponed = { error };
      this.awaited = undefined;
    }
    if (kind === "sync") return false;
    this.progress.hasAwaited = true;
    return true;
  }
}

export function disposables(): Disposables {
  return new Disposables([], { needsAwait: false, hasAwaited: false, failure: null, postponed: null });
}

function symbolOf(kind: ResourceKind): symbol {
  return kind === "async" ? Symbol.asyncDispose : Symbol.dispose;
}

function disposeOf(value: unknown, symbol: symbol): Method | undefined {
  if ((typeof value !== "object" || value === null) && typeof value !== "function")
    throw new TypeError("An object is expected with `using` declarations");
  const method = (value as Record<symbol, unknown>)[symbol];
  if (method === undefined || method === null) return undefined;
  if (typeof method !== "function") throw new TypeError(`Symbol(${symbol.description}) is not a function`);
  return method as Method;
}

function noMethod(): TypeError {
  return new TypeError("Symbol(Symbol.dispose) is not a function");
}

type SuppressedErrorConstructor = new (error: unknown, suppressed: unknown, message: string) => Error;

/** The language has its class since Node 24. */
function toSuppressed(error: unknown, suppressed: unknown): Error {
  const message = "An error was suppressed during disposal";
  const { SuppressedError: native } = globalThis as { SuppressedError?: SuppressedErrorConstructor };
  if (native !== undefined) return new native(error, suppressed, message);
  const made = new Error(message);
  const value = { writable: true, configurable: true };
  return Object.defineProperties(made, {
    name: { ...value, value: "SuppressedError" },
    error: { ...value, value: error },
    suppressed: { ...value, value: suppressed },
  });
}
