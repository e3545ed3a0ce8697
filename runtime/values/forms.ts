import { types } from "node:util";
import { CannotEncode } from "../errors.ts";
import { enclose, form, leaf, ofClass } from "./form.ts";
import type { Form, Kind, WriteContext } from "./form.ts";
import { EXTENSIBLE, LOAD, SAVE } from "./format.ts";
import { arrayKind, openDense } from "./forms-arrays.ts";
import { openBuiltin } from "./forms-builtin.ts";
import { openExtension, openFunction, openSymbol, standardForm } from "./forms-named.ts";
import { asList, lockLevel, ownProperties } from "./properties.ts";
import { hasPrivateState, refusal } from "./refusals.ts";

export function openForm(value: object | symbol, writer: WriteContext): Form {
  const named = writer.setting.named?.nameOf(value);
  if (named !== undefined) return leaf(`["~name",${JSON.stringify(named)}]`);
  if (typeof value === "symbol") return openSymbol(value, writer.setting);
  if (types.isProxy(value))
    throw new CannotEncode("it is a Proxy, whose handler is code; keep the object behind it");
  if (typeof value === "function") return openFunction(value, writer.setting);
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Array.prototype && Array.isArray(value)) {
    return openDense(value) ?? openExtended(value, writer) ?? dress(value, arrayKind(value), writer);
  }
  if (prototype === Object.prototype) {
    const record = openPlain(value);
    if (record !== null) return record;
    // Not before: neither `arguments` nor `Math` has ordinary properties only.
    if (!types.isArgumentsObject(value)) return standardForm(value) ?? openRecord(value, "");
  }
  const extended = openExtended(value, writer);
  if (extended !== null) return extended;
  const kind = openBuiltin(value, writer);
  if (kind !== null) return dress(value, kind, writer);
  const standard = standardForm(value);
  if (standard !== null) return standard;
  return prototype === null ? openRecord(value, '["~is",null,') : openInstance(value, prototype, writer);
}

function openExtended(value: object, { setting }: WriteContext): Form | null {
  for (const extension of setting.extensions)
    if (extension.matches(value)) return openExtension(value, extension);
  return null;
}

/** What most objects are, told with as few questions as possible; null: something is not ordinary. */
function openPlain(value: object): Form | null {
  if (!Object.isExtensible(value) || Object.getOwnPropertySymbols(value).length > 0) return null;
  const keys = Object.getOwnPropertyNames(value);
  const items = new Array<unknown>(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const property = Object.getOwnPropertyDescriptor(value, keys[i]!)!;
    if (property.writable !== true || !property.enumerable || !property.configurable) return null;
    items[i] = property.value;
  }
  return form({ open: "{", items, keys, close: "}" });
}

function openRecord(value: object, wrap: string): Form {
  const level = lockLevel(value);
  const properties = ownProperties(value, level);
  if (properties.kind === "list") {
    return enclose(form({ open: "{", items: [], close: "}" }), { wrap, level, list: properties.list });
  }
  const { keys, values } = properties;
  return enclose(form({ open: "{", items: values, keys, close: "}" }), { wrap, level, list: [] });
}

/** A builtin kind with what the program added to it. */
function dress(value: object, kind: Kind, writer: WriteContext): Form {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const local = localClass(prototype, writer);
  const wrap =
    prototype === kind.prototype || local !== null ? "" : `["~is",${classOf(value, prototype, writer)},`;
  const level = lockLevel(value);
  const { taken } = kind;
  const list = taken === "all" ? [] : asList(ownProperties(value, level, taken));
  const isBare = wrap === "" && level === EXTENSIBLE && list.length === 0;
  const dressed = isBare ? kind.form : enclose(kind.form, { wrap, level, list });
  return local === null ? dressed : ofLocal(dressed, local, level);
}

function openInstance(value: object, prototype: object, writer: WriteContext): Form {
  const local = localClass(prototype, writer);
  if (local !== null) return ofLocal(openRecord(value, ""), local, lockLevel(value));
  const id = classOf(value, prototype, writer);
  const save = (value as { [SAVE]?: unknown })[SAVE];
  if (typeof save !== "function") return openRecord(value, `["~is",${id},`);
  const data: unknown = Reflect.apply(save, value, []);
  const label = (): string => ".[durable.save]()";
  return { ...form({ open: `["~load",${id}`, comma: true, items: [data], close: "]", label }), late: "load" };
}

/** The class that durable code made and `prototype` belongs to. */
function localClass(prototype: object | null, { setting }: WriteContext): object | null {
  if (prototype === null || setting.classes?.isLocal === undefined) return null;
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || constructor.prototype !== prototype) return null;
  return setting.classes.isLocal(constructor) ? constructor : null;
}

function ofLocal(inner: Form, constructor: object, level: number): Form {
  if (hasPrivateState(constructor)) {
    throw new CannotEncode(
      "its class has #private members, and is made in a durable function; move the class to the module",
    );
  }
  if (level !== EXTENSIBLE)
    throw new CannotEncode(
      "it is locked, and its class is made in a durable function; move the class to the module",
    );
  return ofClass(inner, constructor);
}

/** The id of the registered class that `prototype` belongs to, as JSON. */
function classOf(value: object, prototype: object | null, { setting }: WriteContext): string {
  if (prototype === null) return "null";
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || constructor.prototype !== prototype)
    throw new CannotEncode(refusal(value));
  const id = setting.classes?.idOf(constructor);
  if (id === undefined) throw new CannotEncode(refusal(value));
  const hooks = typeof (prototype as { [SAVE]?: unknown })[SAVE] === "function";
  if (hooks && typeof (constructor as { [LOAD]?: unknown })[LOAD] !== "function") {
    throw new CannotEncode(`its class ${constructor.name} has [durable.save] but no static [durable.load]`);
  }
  if (!hooks && hasPrivateState(constructor)) {
    throw new CannotEncode(
      `its class ${constructor.name} has #private members, which nothing outside can read; ` +
        "give it [durable.save] and [durable.load]",
    );
  }
  return JSON.stringify(id);
}
