import { types } from "node:util";
import { CannotEncode } from "../errors.ts";
import { enclose, form, keyLabel, noLabel, recordLabel } from "./form.ts";
import type { Form, Kind, WriteContext } from "./form.ts";
import { EXTENSIBLE, LOAD, SAVE } from "./format.ts";
import { arrayKind, openDense } from "./forms-arrays.ts";
import { openBuiltin } from "./forms-builtin.ts";
import { openExtension, openFunction, openSymbol, standardForm } from "./forms-named.ts";
import { asList, lockLevel, ownProperties } from "./properties.ts";
import { hasPrivateState, refusal } from "./refusals.ts";

export function openForm(value: object | symbol, writer: WriteContext): Form {
  if (typeof value === "symbol") return openSymbol(value);
  if (types.isProxy(value)) throw new CannotEncode("it is a Proxy, whose handler is code");
  if (typeof value === "function") return openFunction(value, writer.setting);
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Array.prototype && Array.isArray(value)) {
    return openDense(value) ?? dress(value, arrayKind(value), writer);
  }
  if (prototype === Object.prototype && !types.isArgumentsObject(value)) {
    return standardForm(value) ?? openRecord(value, "");
  }
  const kind = openBuiltin(value, writer);
  if (kind !== null) return dress(value, kind, writer);
  const { extensions } = writer.setting;
  for (const extension of extensions) if (extension.matches(value)) return openExtension(value, extension);
  const standard = standardForm(value);
  if (standard !== null) return standard;
  return prototype === null ? openRecord(value, '["~is",null,') : openInstance(value, prototype, writer);
}

function openRecord(value: object, wrap: string): Form {
  const level = lockLevel(value);
  const properties = ownProperties(value, level);
  const wrapEnd = wrap === "" ? "" : "]";
  if (level === EXTENSIBLE && properties.kind === "record") {
    const { keys, values } = properties;
    return form({
      open: wrap + "{",
      items: values,
      keys,
      close: "}" + wrapEnd,
      label: (i) => keyLabel(keys[i]),
    });
  }
  const inner: Form =
    properties.kind === "record"
      ? form({
          open: "{",
          items: properties.values,
          keys: properties.keys,
          close: "}",
          label: recordLabel(properties),
        })
      : form({ open: "{", items: [], close: "}", label: noLabel });
  return enclose(inner, { wrap, level, list: properties.kind === "list" ? properties.list : [] });
}

/** A builtin kind with what the program added to it. */
function dress(value: object, kind: Kind, writer: WriteContext): Form {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const wrap = prototype === kind.prototype ? "" : `["~is",${classOf(value, prototype, writer)},`;
  const level = lockLevel(value);
  const { taken } = kind;
  const list = taken === "all" ? [] : asList(ownProperties(value, level, taken));
  if (wrap === "" && level === EXTENSIBLE && list.length === 0) return kind.form;
  return enclose(kind.form, { wrap, level, list });
}

function openInstance(value: object, prototype: object, writer: WriteContext): Form {
  const id = classOf(value, prototype, writer);
  const save = (value as { [SAVE]?: unknown })[SAVE];
  if (typeof save !== "function") return openRecord(value, `["~is",${id},`);
  const data: unknown = Reflect.apply(save, value, []);
  const label = (): string => ".[durable.save]()";
  return { ...form({ open: `["~load",${id}`, comma: true, items: [data], close: "]", label }), late: "load" };
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
