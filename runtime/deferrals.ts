/** Promises to be settled later, where there is no execution whose state would have to hold them. */
import type { Deferred, Outcome } from "./frame.ts";

const deferrals = new WeakMap<object, Deferred>();

export function defer(): Promise<unknown> {
  const deferred = Promise.withResolvers<unknown>();
  deferrals.set(deferred.promise, deferred);
  return deferred.promise;
}

export function settle(promise: Promise<unknown>, { threw, value }: Outcome): void {
  const deferred = deferrals.get(promise);
  if (threw) deferred?.reject(value);
  else deferred?.resolve(value);
}
