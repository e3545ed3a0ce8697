import { CannotEncode } from "../errors.ts";
import type { Extension } from "./contract.ts";
import { enclose, form, keyLabel, leaf } from "./form.ts";
import type { Form, Setting } from "./form.ts";
import { EXTENSIBLE } from "./format.ts";
import { WELL_KNOWN_NAMES, intrinsics } from "./intrinsics.ts";
import { asList, ownProperties } from "./properties.ts";

/** Things that are found again by a name: symbols, functions, classes, what belongs to the language. */
export function openSymbol(symbol: symbol, { named }: Setting): Form {
  const name = WELL_KNOWN_NAMES.get(symbol);
  if (name !== undefined) return leaf(`["~sym",${JSON.stringify(name)}]`);
  const key = Symbol.keyFor(symbol);
  if (key !== undefined) return leaf(`["~for",${JSON.stringify(key)}]`);
  if (named?.isOwn(symbol) === false) {
    throw new CannotEncode(
      `it is ${String(symbol)}, which was not made in durable code, so another process could not find it; use Symbol.for, or ` +
        "declare it with const at the top of a module that has a durable function",
    );
  }
  return leaf(`["~local",${JSON.stringify(symbol.description ?? null)}]`);
}

export function standardForm(value: object): Form | null {
  const path = intrinsics().pathOf.get(value);
  return path === undefined ? null : leaf(`["~std",${JSON.stringify(path)}]`);
}

/** Own properties are the extension's affair. */
export function openExtension(value: object, extension: Extension): Form {
  const items = extension.write(value);
  const names = extension.names?.(value);
  const label = (i: number): string => {
    const name = names?.[i];
    return name === undefined ? `[${extension.tag} ${i}]` : keyLabel(name);
  };
  const open = `["~@",${JSON.stringify(extension.tag)}`;
  return form({
    open,
    comma: true,
    items,
    close: "]",
    label,
    late: extension.early === true ? null : "extension",
  });
}

export function openFunction(fn: object, setting: Setting): Form {
  for (const extension of setting.extensions) {
    if (!extension.matches(fn)) continue;
    return enclose(openExtension(fn, extension), {
      wrap: "",
      level: EXTENSIBLE,
      list: asList(
        ownProperties(fn, EXTENSIBLE, (key) => isOfFunctions(key) || extension.owns?.(fn, key) === true),
      ),
    });
  }
  const name = setting.functions?.nameOf(fn);
  if (name !== undefined) return leaf(`["~fn",${JSON.stringify(name)}]`);
  const id = setting.classes?.idOf(fn);
  if (id !== undefined) return leaf(`["~cls",${JSON.stringify(id)}]`);
  const standard = standardForm(fn);
  if (standard !== null) return standard;
  throw new CannotEncode(functionRefusal(fn));
}

function isOfFunctions(key: string | symbol): boolean {
  return key === "length" || key === "name" || key === "prototype" || key === "arguments" || key === "caller";
}

function functionRefusal(fn: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, "name")?.value;
  const named = typeof name === "string" && name !== "" ? ` ${name}` : "";
  const source = Function.prototype.toString.call(fn);
  if (source.startsWith("class"))
    return `it is the class${named}, which is not registered; export it from a compiled module`;
  return `it is the function${named}, which was not made in durable code; call it by its import instead`;
}
