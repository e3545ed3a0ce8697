/**
 * What an edit of one file leaves as it was. A file is a list of statements; those that are the same text as before, and
 * that mention nothing whose meaning may have changed, keep their findings, moved to where they stand now.
 *
 *     type Order = { id: string };            // edited:   `Order` may mean something else
 *     function toId(order: Order) { ... }     // affected: mentions `Order`; so `toId` may mean something else
 *     async function a() { ...toId(x)... }    // affected: mentions `toId`
 *     async function b() { ... }              // as before
 *
 * Mentioning is told by words, in comments too: that is quick, and errs only towards looking again. Relies on nothing
 * but the file having changed, and on no other file of the project importing it; the caller knows both.
 */
import { ts } from "ts-morph";
import type { Diagnostic } from "./diagnostic.ts";
import type { DurableFunction } from "./program.ts";

/** A file and what was found in it, before comments answered any of it. */
export interface Judged {
  readonly file: ts.SourceFile;
  readonly functions: readonly DurableFunction[];
  readonly found: readonly Diagnostic[];
}

export interface Reuse {
  /** False for a node whose findings are among `kept`. */
  isAffected(node: ts.Node): boolean;
  readonly kept: readonly Diagnostic[];
}

/** Null if the edit is of a kind that may concern all of the file. */
export function planReuse(before: Judged, now: Omit<Judged, "found">): Reuse | null {
  const { same, edited } = align(before.file, now.file);
  if (edited.some(concernsAll) || ts.isExternalModule(before.file) !== ts.isExternalModule(now.file))
    return null;
  const affected = findAffected(now.file, edited, same);
  const old = groupFunctions(before);
  const current = groupFunctions(now);
  for (const [index, from] of same) {
    const isMoved = lineOf(now.file, index) !== lineOf(before.file, from);
    const own = before.found.filter((one) => holds(before.file.statements[from], one));
    const isOther = old.get(from)?.join() !== current.get(index)?.join();
    if (isOther || (isMoved && own.some(namesLine))) affected.add(index);
  }
  const kept = keep(before, now.file, { same, affected });
  const isAffected = (node: ts.Node): boolean =>
    affected.has(findStatement(now.file, node.getStart(now.file)));
  return kept === null ? null : { isAffected, kept };
}

interface Alignment {
  /** Statements of equal text, by index: now -> before. */
  readonly same: ReadonlyMap<number, number>;
  /** The others, of both. */
  readonly edited: readonly ts.Statement[];
}

/** Edits are at one place at a time: what stands before it and after it is the same. */
function align(before: ts.SourceFile, now: ts.SourceFile): Alignment {
  const old = before.statements.map((statement) => statement.getText(before));
  const current = now.statements.map((statement) => statement.getText(now));
  const shared = Math.min(old.length, current.length);
  let head = 0;
  while (head < shared && old[head] === current[head]) head++;
  let tail = 0;
  while (tail < shared - head && old[old.length - 1 - tail] === current[current.length - 1 - tail]) tail++;
  const shift = old.length - current.length;
  const indexes = current
    .map((_, index) => index)
    .filter((index) => index < head || index >= current.length - tail);
  return {
    same: new Map(indexes.map((index) => [index, index < head ? index : index + shift])),
    edited: [
      ...before.statements.slice(head, old.length - tail),
      ...now.statements.slice(head, current.length - tail),
    ],
  };
}

/** Imports, directives of the module, what is seen without being named; and names that are spelt with escapes. */
function concernsAll(statement: ts.Statement): boolean {
  const isDirective = ts.isExpressionStatement(statement) && ts.isStringLiteralLike(statement.expression);
  return (
    isDirective ||
    ts.isImportDeclaration(statement) ||
    ts.isImportEqualsDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    ts.isExportAssignment(statement) ||
    ts.isModuleDeclaration(statement) ||
    statement.getText().includes("\\u")
  );
}

function findAffected(
  file: ts.SourceFile,
  edited: readonly ts.Statement[],
  same: ReadonlyMap<number, number>,
): Set<number> {
  const affected = new Set([...file.statements.keys()].filter((index) => !same.has(index)));
  const changed = new Set(edited.flatMap(findDeclared));
  // A statement may also change a variable of the module that it mentions.
  const variables = new Set(file.statements.filter(ts.isVariableStatement).flatMap(findDeclared));
  for (const word of edited.flatMap(toWords)) if (variables.has(word)) changed.add(word);
  const words = file.statements.map((statement, index) =>
    same.has(index) ? new Set(toWords(statement)) : null,
  );
  for (const name of changed) {
    for (const [index, statement] of file.statements.entries()) {
      if (affected.has(index) || words[index]?.has(name) !== true) continue;
      affected.add(index);
      // A Set is walked over what is added meanwhile too.
      for (const declared of findDeclared(statement)) changed.add(declared);
    }
  }
  return affected;
}

function toWords(statement: ts.Statement): string[] {
  return statement.getText().match(/[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu) ?? [];
}

function findDeclared(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => findBound(name));
  const name = "name" in statement ? (statement.name as ts.Node | undefined) : undefined;
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

function findBound(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? findBound(element.name) : []));
}

/** The durable functions in each statement: a name that is taken elsewhere can make one unsound, or sound. */
function groupFunctions({ file, functions }: Omit<Judged, "found">): ReadonlyMap<number, readonly string[]> {
  const groups = new Map<number, string[]>();
  for (const { id, node } of functions) {
    const index = findStatement(file, node.getStart(file));
    const start = file.statements[index]?.getStart(file) ?? 0;
    groups.set(index, [...(groups.get(index) ?? []), `${id} ${node.getStart(file) - start}`]);
  }
  return groups;
}

/** The findings of what is not affected, where they stand now; null if one of them leads to what was edited. */
function keep(
  { file: old, found }: Judged,
  now: ts.SourceFile,
  { same, affected }: { readonly same: ReadonlyMap<number, number>; readonly affected: ReadonlySet<number> },
): readonly Diagnostic[] | null {
  const shifts = new Map(
    [...same].map(([index, from]) => [from, startOf(now, index) - startOf(old, from)] as const),
  );
  const unaffected = new Set([...same].filter(([index]) => !affected.has(index)).map(([, from]) => from));
  const kept: Diagnostic[] = [];
  for (const one of found) {
    // Of directives all of the file is asked each time.
    if (/^DC10[^5]$/.test(one.code)) continue;
    const from = findStatement(old, one.start);
    if (one.file !== old.fileName || from === -1) return null;
    if (!unaffected.has(from)) continue;
    const moved = [one, ...one.notes].map((place) => move(place, old, shifts));
    if (moved.includes(null)) return null;
    const [own, ...notes] = moved as readonly (Place & { readonly message: string })[];
    kept.push({ ...one, ...(own && { start: own.start, end: own.end }), notes });
  }
  return kept;
}

interface Place {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

function move<Kind extends Place>(
  place: Kind,
  old: ts.SourceFile,
  shifts: ReadonlyMap<number, number>,
): Kind | null {
  if (place.file !== old.fileName) return place;
  const shift = shifts.get(findStatement(old, place.start));
  return shift === undefined ? null : { ...place, start: place.start + shift, end: place.end + shift };
}

/** A message that speaks of a line has to be said anew when its lines have moved. */
function namesLine({ message, notes }: Diagnostic): boolean {
  return [message, ...notes.map((note) => note.message)].some((text) => /\bline \d/.test(text));
}

function holds(statement: ts.Statement | undefined, { start }: Diagnostic): boolean {
  return statement !== undefined && statement.pos <= start && start < statement.end;
}

function startOf(file: ts.SourceFile, index: number): number {
  return file.statements[index]?.getStart(file) ?? 0;
}

function lineOf(file: ts.SourceFile, index: number): number {
  return file.getLineAndCharacterOfPosition(startOf(file, index)).line;
}

/** The index of the statement that a position is in, by halving. */
function findStatement(file: ts.SourceFile, position: number): number {
  let [low, high] = [0, file.statements.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const statement = file.statements[middle];
    if (statement === undefined || position < statement.pos) high = middle - 1;
    else if (position >= statement.end) low = middle + 1;
    else return middle;
  }
  return -1;
}
