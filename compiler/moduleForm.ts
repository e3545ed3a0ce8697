/** What a file is to the one that loads it, and how its compiled code gets the words of the machine contract. */
import { createHash } from "node:crypto";
import type { ts } from "ts-morph";
import type { RuntimeReach } from "./transformOptions.ts";
import type { Reach } from "./4-emit/emitModule.ts";

export interface ModuleForm {
  readonly isScript: boolean;
  readonly reach: Reach;
  /** Says "use strict" in the author's place: TypeScript does, in every script that it writes. Default: false. */
  readonly strict?: boolean;
}

const MODULE: ModuleForm = { isScript: false, reach: { kind: "import", name: "@durablec/runtime/machine" } };

/** A project's JavaScript may be CommonJS as it is written: an `import` in it would make another kind of file of it. */
export function toForm(file: ts.SourceFile): ModuleForm {
  const { commonJsModuleIndicator, externalModuleIndicator } = file as ts.SourceFile & {
    readonly commonJsModuleIndicator?: unknown;
    readonly externalModuleIndicator?: unknown;
  };
  // By its ending alone, a `.cjs` file counts as a module: then the indicator is no node.
  const isModule = externalModuleIndicator !== undefined && externalModuleIndicator !== true;
  if (commonJsModuleIndicator === undefined || isModule) return MODULE;
  return { isScript: true, reach: { ...MODULE.reach, kind: "require" }, strict: true };
}

export function toReach(runtime: RuntimeReach): Reach {
  if ("import" in runtime) return { kind: "import", name: runtime.import };
  return "require" in runtime
    ? { kind: "require", name: runtime.require }
    : { kind: "global", name: runtime.global };
}

/** Whether its names are those of other scripts of the realm too. */
export function isShared({ isScript, reach }: ModuleForm): boolean {
  return isScript && reach.kind === "global";
}

/** Keeps the machines of one script apart from those of another that has functions of the same names. */
export function toSuffix(form: ModuleForm, path: string): string {
  return isShared(form) ? `$${createHash("sha256").update(path).digest("hex").slice(0, 6)}` : "";
}
