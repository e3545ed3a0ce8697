/**
 * Functions of the language that do no work of their own: `xs.push(x)`, awaited where nobody knows the type of `xs`, changes
 * the state of the durable function. As a step, it would change it once, and not again when the step is not run again.
 */
import { intrinsics } from "./values/intrinsics.ts";

/** `Function.prototype.call` and `Reflect.apply` do the work of another function; the platform's do work outside. */
const LANGUAGE: ReadonlySet<string> = new Set(
  (
    "Object Array String Number Boolean Symbol BigInt Date RegExp Promise Map Set WeakMap WeakSet WeakRef Math JSON Atomics " +
    "Intl Iterator ArrayBuffer SharedArrayBuffer DataView %TypedArray% Error URL URLSearchParams parseInt parseFloat isNaN isFinite"
  ).split(" "),
);

export function isInPlace(fn: object): boolean {
  const path = intrinsics().pathOf.get(fn);
  return path !== undefined && LANGUAGE.has(path.replace(/^[gs]et /, "").split(".", 1)[0] ?? "");
}
