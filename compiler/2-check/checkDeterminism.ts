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
import { createCallGraph, type CallGraph, type Chain } from "./callGraph.ts";
import { isRecorded, walkDurableCode } from "./durableCode.ts";
import { findEdges, type Edge } from "./edges.ts";
import { createSearch, findImpureUse, type ImpureSearch } from "./findImpureUse.ts";
import { toDisplayName, type ImpureFamily } from "./impure.ts";

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
  const graph = createCallGraph();
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
    if (recordedCallees.has(node)) return undefined;
    for (const edge of findEdges(search, node)) {
      if (isInside(edge.to, region) || isPromised(edge, search.resolver)) continue;
      for (const chain of graph.findChains(edge).values()) found.push(toChainReport(edge, chain));
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
  const through = [...edges.map(toName), use.name].map((name) => `'${name}'`);
  // A chain through a package may be long; how it begins and how it ends is what people know.
  if (through.length > THROUGH_MAX) through.splice(2, through.length - THROUGH_MAX + 1, "...");
  const found = `${toFound(edge.node, toName(edge))} (through ${through.join(", ")})`;
  return report(CODES[use.family], edge.node, { found, notes: toNotes([edge, ...edges], use) });
}

const THROUGH_MAX = 5;

/** As it is written, or under the name of its package: `some-ids.makeId`. */
function toName({ node, origin }: Edge): string {
  return origin === null ? toWritten(node) : toDisplayName(origin);
}

function toNotes(edges: readonly Edge[], use: Chain["use"]): DiagnosticNote[] {
  const callers = edges.map(toName);
  const calls = edges
    .slice(1)
    .map((edge, index) => note(`'${callers[index]}' calls '${toName(edge)}' here.`, edge.node));
  const entered = edges.find(({ origin }) => origin !== null)?.origin ?? null;
  const answer =
    entered === null ? "" : ` If it does no harm, list "${entered.module}#${entered.member}" as pure.`;
  return [...calls, note(`'${callers.at(-1)}' uses '${use.name}' here.${answer}`, use.node)];
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
