/** What the contexts of an execution were told, by their paths: part of its state. */
import type { ContextSettings } from "../configuration.ts";
import type { Request } from "../requests.ts";

export class Settings {
  private readonly byPath = new Map<string, ContextSettings>();

  configure(path: string, more: ContextSettings): void {
    this.byPath.set(path, { ...this.byPath.get(path), ...more });
  }

  /** Of the context itself. */
  of(path: string): ContextSettings {
    return this.byPath.get(path) ?? {};
  }

  /** Of the context or operation `path`, or else of the nearest context around it. */
  find<K extends keyof ContextSettings>(path: string, key: K): ContextSettings[K] | undefined {
    if (this.byPath.size === 0) return undefined;
    for (let inner = path; ; inner = around(inner)) {
      const value = this.byPath.get(inner)?.[key];
      if (value !== undefined || inner === "") return value;
    }
  }

  /** The operation is over, and so are the contexts in it. */
  forget(op: string): void {
    if (this.byPath.size === 0) return;
    for (const path of this.byPath.keys()) {
      if (path === op || path.startsWith(`${op}.`) || path.startsWith(`${op}/`)) this.byPath.delete(path);
    }
  }

  save(): readonly (readonly [path: string, settings: ContextSettings])[] {
    return [...this.byPath];
  }

  /** What `request` asks for, with what its context says of it. */
  apply(request: Request, op: string): Request {
    if (this.byPath.size === 0) return request;
    const serdes = this.find(op, "defaultSerdes");
    const callback = this.find(op, "defaultCallbackDeserializer");
    switch (request.kind) {
      case "step":
        return serdes === undefined ? request : { ...request, options: { serdes, ...request.options } };
      case "waitForCondition":
        return { ...request, serdes: request.serdes ?? serdes };
      case "runInChildContext":
        return request.silent === true ? request : { ...request, serdes: request.serdes ?? serdes ?? null };
      case "invoke": {
        const both = serdes === undefined ? {} : { payloadSerdes: serdes, resultSerdes: serdes };
        return { ...request, options: { ...both, ...request.options } };
      }
      case "createCallback":
      case "waitForCallback":
        return callback === undefined
          ? request
          : ({ ...request, options: { serdes: callback, ...request.options } } as Request);
      default:
        return request;
    }
  }
}

function around(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("."), path.lastIndexOf("/"), 0));
}
