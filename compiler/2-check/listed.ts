/** What the configuration says of a function: by the name of its module, of its global, or of its file in the project. */
import { posix } from "node:path";
import { ts } from "ts-morph";
import type { Origin } from "../1-read/origin.ts";
import type { Config } from "../config.ts";
import { toDisplayName } from "./impure.ts";

export type ListName = "pure" | "impure" | "step";

export interface Listed {
  /** `uuid#v4`, `Date.now` */
  hasOrigin(list: ListName, origin: Origin): boolean;
  /** `./src/clock.ts#read`, `./src/clock.ts#Clock.read` */
  hasDeclaration(list: ListName, declaration: ts.Node): boolean;
}

export function createListed(config: Config, root: string): Listed {
  return {
    hasOrigin(list, origin) {
      if (config[list].size === 0) return false;
      const isGlobal = origin.module === "language" || origin.module === "platform";
      return config[list].has(isGlobal ? toDisplayName(origin) : `${origin.module}#${origin.member}`);
    },
    hasDeclaration(list, declaration) {
      if (config[list].size === 0) return false;
      const path = posix.relative(root, declaration.getSourceFile().fileName);
      return config[list].has(`./${path}#${toMember(declaration)}`);
    },
  };
}

/** The names around a declaration, outermost first. A function in a variable or a property has that one's. */
function toMember(declaration: ts.Node): string {
  const names: string[] = [];
  for (let at = declaration; !ts.isSourceFile(at); at = at.parent) {
    const name = "name" in at ? (at.name as ts.Node | undefined) : undefined;
    if (name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteralLike(name)))
      names.unshift(name.text);
  }
  return names.join(".");
}
