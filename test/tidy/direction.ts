/**
 * Who may import whom. Read as: a folder's sentence below is a promise to whoever changes it, that nothing outside
 * the sentence can break.
 */
import { posix } from "node:path";
import { importsOf, parse, type Problem, type SourceText } from "./rules.ts";

/** What a part may import beside itself, Node's own modules and (for the root package) declared dependencies. */
const parts: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  compiler: ["runtime"],
  cli: ["compiler", "runtime", "integrations"],
  integrations: ["compiler", "runtime"],
};

/** Package names of ours, by the part they lead to. */
const ownPackages: Readonly<Record<string, string>> = {
  "@durablec/runtime": "runtime",
  "@durablec/runtime/machine": "runtime",
  "@durablec/runtime/testing": "runtime",
  "@durablec/runtime/http": "runtime",
  durablec: "compiler",
  "durablec/compiler": "compiler",
};

/** Optional packages, and how paths begin that may import them: the rest works where they are missing. */
const homes: Readonly<Record<string, string>> = {
  pg: "runtime/stores/postgres",
  "@opentelemetry/api": "runtime/otel",
  hono: "runtime/http",
};

interface Edge {
  readonly from: string;
  readonly line: number;
  readonly specifier: string;
  /** Path of the file imported, or null for a package. */
  readonly to: string | null;
}

/** `dependencies` by part: the packages its `package.json` declares for use, not for development. */
export function findDirectionProblems(
  sources: readonly SourceText[],
  dependencies: Readonly<Record<string, readonly string[]>>,
): readonly Problem[] {
  const edges = sources.flatMap(edgesOf);
  return [...edges.flatMap((edge) => findPartProblem(edge, dependencies)), ...findPassProblems(edges)];
}

function edgesOf(source: SourceText): Edge[] {
  const { path } = source;
  const file = parse(source);
  return importsOf(file).map(({ node, specifier }) => ({
    from: path,
    line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
    specifier,
    to: specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : null,
  }));
}

function findPartProblem(edge: Edge, dependencies: Readonly<Record<string, readonly string[]>>): Problem[] {
  const from = partOf(edge.from);
  const allowed = parts[from];
  if (!allowed || edge.specifier.startsWith("node:")) return [];
  const to = edge.to === null ? ownPackages[edge.specifier] : partOf(edge.to);
  const problem = (message: string): Problem[] => [{ path: edge.from, line: edge.line, message }];
  if (to !== undefined) {
    if (to === from || allowed.includes(to))
      return crossesPackages(edge, from, to) ? problem(byName(edge)) : [];
    return problem(`${from} imports ${to} ("${edge.specifier}")`);
  }
  const name = edge.specifier.split("/", edge.specifier.startsWith("@") ? 2 : 1).join("/");
  const home = homes[name];
  if (home !== undefined && !edge.from.startsWith(home))
    return problem(`"${name}" is optional: only ${home}*.ts may import it`);
  return dependencies[from]?.includes(name)
    ? []
    : problem(`${from} imports "${name}", which it does not depend on`);
}

/** The two packages are installed side by side: a relative path from one into the other only works in this repository. */
function crossesPackages(edge: Edge, from: string, to: string): boolean {
  return edge.to !== null && (from === "runtime") !== (to === "runtime");
}

function byName(edge: Edge): string {
  return `"${edge.specifier}" reaches into another package: import it by its name`;
}

/**
 * A numbered folder reaches, through any number of imports, only folders with its own number or a lower one.
 * Looking through files without a number matters: a pass that imports the pipeline would otherwise be fine.
 */
function findPassProblems(edges: readonly Edge[]): Problem[] {
  const byFile = new Map<string, Edge[]>();
  for (const edge of edges) byFile.set(edge.from, [...(byFile.get(edge.from) ?? []), edge]);
  const numbered = [...byFile.keys()].filter((path) => passNumber(path) !== null);
  return numbered.flatMap((start) => {
    const number = passNumber(start) ?? 0;
    return (byFile.get(start) ?? []).flatMap((edge): Problem[] => {
      const reached =
        edge.to === null ? undefined : reach(edge.to, byFile).find((to) => (passNumber(to) ?? 0) > number);
      return reached === undefined
        ? []
        : [
            {
              path: start,
              line: edge.line,
              message: `reaches a later pass, ${reached}, through "${edge.specifier}"`,
            },
          ];
    });
  });
}

function reach(start: string, byFile: ReadonlyMap<string, readonly Edge[]>): string[] {
  const seen = new Set([start]);
  for (const path of seen) for (const { to } of byFile.get(path) ?? []) if (to !== null) seen.add(to);
  return [...seen];
}

function passNumber(path: string): number | null {
  const match = /^compiler\/(\d+)-/.exec(path);
  return match ? Number(match[1]) : null;
}

function partOf(path: string): string {
  return path.split("/", 1)[0] ?? "";
}
