/**
 * Finds what would answer differently when durable code runs again: the clock, randomness, the environment, and I/O
 * that no step records; directly, or through project functions, with the chain of calls as notes.
 *
 *     const at = stamp();        // DC201 'stamp' (through 'Date.now') reads the clock outside a step.
 *
 * Bodies of steps, implicit steps (a call that returns a promise) and "use step" functions are exempt: they are
 * recorded. Relies on a checker; without one it finds nothing rather than guess by spelling.
 */
import { ts } from "ts-morph";
import type { Resolver } from "../1-read/resolver.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { DEFAULT_CONFIG } from "../config.ts";
import type { Diagnostic, DiagnosticNote } from "../diagnostic.ts";
import { note, report, type DiagnosticCode } from "../diagnostics/report.ts";
import type { DurableProgram, Oracle } from "../program.ts";
import { createCallGraph, type CallGraph, type Chain, type Edge } from "./callGraph.ts";
import { isRecorded, walkDurableCode } from "./durableCode.ts";
import { createSearch, findImpureUse, type ImpureSearch } from "./findImpureUse.ts";
import type { ImpureFamily } from "./impure.ts";

const CODES = {
  clock: "DC201",
  randomness: "DC202",
  environment: "DC203",
  network: "DC204",
  files: "DC205",
  processes: "DC206",
  timers: "DC207",
  effects: "DC223",
  listed: "DC208",
} as const satisfies Record<ImpureFamily, DiagnosticCode>;

export function checkDeterminism(program: DurableProgram, config = DEFAULT_CONFIG): readonly Diagnostic[] {
  if (program.program === null) return [];
  const search = createSearch(program.program, program.root, config);
  const graph = createCallGraph(search);
  return program.modules.flatMap(({ functions, oracle }) =>
    functions.flatMap(({ node }) => checkFunction({ search, graph, oracle, region: node })),
  );
}

interface Context {
  readonly search: ImpureSearch;
  readonly graph: CallGraph;
  readonly oracle: Oracle;
  /** The durable function, whose inner functions are walked with it. */
  readonly region: ts.Node;
}

function checkFunction(context: Context): Diagnostic[] {
  const { search, graph, oracle, region } = context;
  const found: Diagnostic[] = [];
  const recordedCallees = new Set<ts.Node>();
  walkDurableCode(region, oracle, (node) => {
    if (ts.isCallExpression(node) && isRecorded(oracle.call(node))) {
      recordedCallees.add(skipWrappers(node.expression));
      return undefined;
    }
    const use = recordedCallees.has(node) ? null : findImpureUse(search, node, region);
    if (use !== null) found.push(report(CODES[use.family], use.node, { found: toFound(use.node, use.name) }));
    for (const edge of graph.findEdges(node)) {
      if (isInside(edge.to, region) || isPromised(edge, search.resolver)) continue;
      for (const chain of graph.findChains(edge.to).values()) found.push(toChainReport(edge, chain));
    }
    return undefined;
  });
  return withoutRepeats(found);
}

/** An async function passed by name has a rule of its own (DC212), whatever it does inside. */
function isPromised(edge: Edge, resolver: Resolver): boolean {
  const { parent } = edge.node;
  const isArgument = ts.isCallExpression(parent) && parent.expression !== edge.node;
  const isCode = ts.isClassLike(edge.to);
  if (!isArgument || isCode) return false;
  const [signature] = resolver.checker.getTypeAtLocation(edge.node).getCallSignatures();
  return (
    signature !== undefined && resolver.checker.getReturnTypeOfSignature(signature).symbol?.name === "Promise"
  );
}

function toFound(node: ts.Node, name: string): string {
  const written = toWritten(node);
  const isSame =
    written === name || name.endsWith(`.${written}`) || written.endsWith(name) || ts.isNewExpression(node);
  return isSame || ts.isCallExpression(node) ? `'${name}'` : `'${written}' ('${name}')`;
}

function toWritten(node: ts.Node): string {
  return node.getText().replaceAll(/\s+/g, " ");
}

function toChainReport(edge: Edge, { edges, use }: Chain): Diagnostic {
  const through = [...edges.map(({ node }) => toWritten(node)), use.name].map((name) => `'${name}'`);
  const found = `'${toWritten(edge.node)}' (through ${through.join(", ")})`;
  return report(CODES[use.family], edge.node, { found, notes: toNotes([edge, ...edges], use) });
}

function toNotes(edges: readonly Edge[], use: Chain["use"]): DiagnosticNote[] {
  const callers = edges.map(({ node }) => toWritten(node));
  const calls = edges
    .slice(1)
    .map(({ node }, index) => note(`'${callers[index]}' calls '${toWritten(node)}' here.`, node));
  return [...calls, note(`'${callers.at(-1)}' uses '${use.name}' here.`, use.node)];
}

/** `Date.now` is met as a member and again as its parts; one place has one finding of a code. */
function withoutRepeats(found: readonly Diagnostic[]): Diagnostic[] {
  return found.filter(
    ({ code, start, end }, index) =>
      !found.some(
        (other, at) =>
          at < index && other.code === code && other.start <= start && end <= other.end && at !== index,
      ),
  );
}

function isInside(node: ts.Node, region: ts.Node): boolean {
  return node.getSourceFile() === region.getSourceFile() && node.pos >= region.pos && node.end <= region.end;
}
