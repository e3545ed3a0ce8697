import { form } from "./form.ts";
import type { Form, Kind } from "./form.ts";
import { isDense } from "./plain.ts";

/** An ordinary dense array, or null. */
export function openDense(value: readonly unknown[]): Form | null {
  if (!Object.isExtensible(value) || !isDense(value) || Object.getOwnPropertySymbols(value).length > 0)
    return null;
  return denseForm(value);
}

function denseForm(value: readonly unknown[]): Form {
  const looksLikeTag = typeof value[0] === "string" && value[0].startsWith("~");
  return form({
    open: looksLikeTag ? '["~"' : "[",
    comma: looksLikeTag,
    items: value,
    close: "]",
  });
}

/** An array with holes, with names beside its elements, locked, or of a class of its own. */
export function arrayKind(value: readonly unknown[]): Kind {
  const indices = Object.keys(value).filter(isIndex);
  const taken = (key: string | symbol): boolean => key === "length" || isIndex(key);
  const prototype = Array.prototype;
  if (indices.length === value.length) return { form: denseForm(value), prototype, taken };
  const items = indices.flatMap((key) => [Number(key), value[Number(key)]]);
  const label = (i: number): string => `[${String(items[i - (i % 2)])}]`;
  return {
    form: form({ open: `["~arr",${value.length}`, comma: true, items, close: "]", label }),
    prototype,
    taken,
  };
}

export function isIndex(key: string | symbol): boolean {
  if (typeof key === "symbol") return false;
  const index = Number(key);
  return index >= 0 && index < 4294967295 && String(index >>> 0) === key;
}
