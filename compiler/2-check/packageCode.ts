/**
 * The code behind what a project calls of its packages: from a declaration (`export declare function makeId(): string`)
 * to the function that runs. Nothing is found for what only a value tells (the methods of an interface), for code that
 * builds its exports as it runs, and for packages that are not installed.
 *
 * What was read of a package is kept: an editor makes a new program with each key, and keeps the files of packages from
 * one to the next.
 */
import { posix } from "node:path";
import { ts } from "ts-morph";
import { findEntry } from "../1-read/packages/findEntry.ts";
import { findImplementation } from "../1-read/packages/findImplementation.ts";
import { readPackageProgram } from "../1-read/packages/readPackageProgram.ts";
import { createPackageResolver, type Resolver } from "../1-read/resolver.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { RUNTIME_PACKAGE } from "../program.ts";

/** Code that a call can lead to: a function, or a class whose construction runs its fields and constructor. */
export type CodeUnit = ts.FunctionLikeDeclaration | ts.ClassLikeDeclaration;

/** A program of package code, and what names in it stand for. */
export interface PackageProgram {
  readonly program: ts.Program;
  readonly resolver: Resolver;
}

export interface PackageUnit {
  readonly unit: CodeUnit;
  readonly package: PackageProgram;
}

/** What has been read of one package. */
interface Shelf {
  readonly programs: PackageProgram[];
  /** By declaration file: another one at its path means that the package was installed anew. */
  readonly declared: Map<string, ts.SourceFile>;
  /** By declaration. */
  readonly units: Map<string, PackageUnit | null>;
}

const shelves = new WeakMap<object, Map<string, Shelf>>();

/** A program of the project, and what names in it stand for. */
interface ProjectCode {
  readonly program: ts.Program;
  readonly resolver: Resolver;
}

/** Where code is looked for. */
interface Wanted {
  readonly files: readonly string[];
  /** The names under which it may be exported there, the likeliest first. */
  readonly names: readonly string[];
  readonly member: Member | null;
}

/** The code of what a package declares: a function, a class, a member of a class. `callee`: how the project calls it. */
export function findPackageUnit(project: ProjectCode, callee: ts.Expression): PackageUnit | null {
  const symbol = project.resolver.valueOf(callee);
  const origin = symbol === null ? null : project.resolver.originOf(symbol);
  const declaration = symbol?.declarations?.[0];
  if (origin === null || declaration === undefined || isOfPlatform(origin.module, declaration)) return null;
  const file = declaration.getSourceFile();
  const shelf = findShelf(project.program, origin.module, file);
  const key = `${file.fileName} ${origin.member} ${declaration.pos}`;
  const known = shelf.units.get(key);
  if (known !== undefined) return known;
  const places = [findByDeclaration(project, declaration, origin.module), findByImport(project, callee)];
  const found =
    places
      .filter((place) => place !== null && place.files.length > 0)
      .map(
        (place) =>
          place &&
          findUnit(
            findPackage(shelf, { files: place.files, project: project.program, name: origin.module }),
            place,
          ),
      )
      .find((unit) => unit !== null) ?? null;
  shelf.units.set(key, found);
  return found;
}

function findByDeclaration(
  { resolver }: ProjectCode,
  declaration: ts.Declaration,
  packageName: string,
): Wanted | null {
  const path = toPath(declaration);
  const outer = path === null ? undefined : resolver.checker.getSymbolAtLocation(path.name);
  if (path === null || outer === undefined) return null;
  const file = declaration.getSourceFile();
  const names = findExportNames(resolver.checker, { file, outer, name: path.name.text });
  return { files: findImplementation(file.fileName, packageName), names, member: path.member };
}

/** By the import that the project writes: for declarations that are shaped otherwise than the code (`lodash-es`). */
function findByImport({ resolver }: ProjectCode, callee: ts.Expression): Wanted | null {
  const name = skipWrappers(callee);
  const local = ts.isIdentifier(name)
    ? resolver.checker.getSymbolAtLocation(name)?.declarations?.[0]
    : undefined;
  const declaration = local === undefined ? undefined : ts.findAncestor(local, ts.isImportDeclaration);
  if (local === undefined || declaration === undefined || !ts.isStringLiteral(declaration.moduleSpecifier))
    return null;
  const imported = ts.isImportSpecifier(local) ? (local.propertyName ?? local.name).text : "default";
  const entry = ts.isNamespaceImport(local)
    ? null
    : findEntry(declaration.moduleSpecifier.text, posix.dirname(declaration.getSourceFile().fileName));
  return entry === null ? null : { files: [entry], names: [imported], member: null };
}

/** Code of packages that was read to judge a program, for those who remember findings. */
export function listPackageFiles(program: ts.Program): readonly string[] {
  const all = [...(shelves.get(toShelvesKey(program))?.values() ?? [])];
  const files = all.flatMap(({ programs }) => programs.flatMap((one) => one.program.getSourceFiles()));
  return files.filter((file) => !file.isDeclarationFile).map(({ fileName }) => fileName);
}

function toShelvesKey(program: ts.Program): object {
  return program.getSourceFiles().find((one) => program.isSourceFileDefaultLibrary(one)) ?? program;
}

/** Kept with the language's own declarations, which an editor keeps from one program to the next. */
function findShelf(program: ts.Program, name: string, file: ts.SourceFile): Shelf {
  const key = toShelvesKey(program);
  const all = shelves.get(key) ?? new Map<string, Shelf>();
  shelves.set(key, all);
  const known = all.get(name);
  const before = known?.declared.get(file.fileName) ?? file;
  const shelf =
    known !== undefined && before === file ? known : { programs: [], declared: new Map(), units: new Map() };
  shelf.declared.set(file.fileName, file);
  all.set(name, shelf);
  return shelf;
}

/** The first file of a package is read with what it imports; with the second, so is all of the package. */
function findPackage(
  shelf: Shelf,
  of: { readonly files: readonly string[]; readonly project: ts.Program; readonly name: string },
): PackageProgram {
  const known = shelf.programs.find(({ program }) => of.files.every((file) => program.getSourceFile(file)));
  if (known !== undefined) return known;
  const entry = shelf.programs.length === 0 ? null : findEntry(of.name, posix.dirname(of.files[0] ?? ""));
  const program = readPackageProgram(entry === null ? of.files : [...of.files, entry], of.project);
  const made = { program, resolver: createPackageResolver(program) };
  shelf.programs.push(made);
  return made;
}

function isOfPlatform(module: string, declaration: ts.Declaration): boolean {
  const { fileName } = declaration.getSourceFile();
  const isLibrary = module === "language" || module === "platform" || module === RUNTIME_PACKAGE;
  return isLibrary || fileName.includes("/@types/node/") || !declaration.getSourceFile().isDeclarationFile;
}

interface Member {
  readonly name: string;
  readonly isStatic: boolean;
}

/** The name at the top of the declaration file, and which member of the class of that name is meant. */
function toPath(
  declaration: ts.Declaration,
): { readonly name: ts.Identifier; readonly member: Member | null } | null {
  if (ts.isClassElement(declaration) && ts.isClassDeclaration(declaration.parent)) {
    const { name } = declaration;
    const owner = declaration.parent.name;
    if (name === undefined || owner === undefined || !ts.isIdentifier(name)) return null;
    return { name: owner, member: { name: name.text, isStatic: isStatic(declaration) } };
  }
  const isNamed =
    ts.isFunctionDeclaration(declaration) ||
    ts.isClassDeclaration(declaration) ||
    ts.isVariableDeclaration(declaration);
  if (!isNamed || declaration.name === undefined || !ts.isIdentifier(declaration.name)) return null;
  return { name: declaration.name, member: null };
}

function isStatic(member: ts.ClassElement): boolean {
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
}

/** The names under which the declaration file exports a symbol; its own name if none is found. */
function findExportNames(
  checker: ts.TypeChecker,
  { file, outer, name }: { readonly file: ts.SourceFile; readonly outer: ts.Symbol; readonly name: string },
): readonly string[] {
  const module = checker.getSymbolAtLocation(file);
  const exported = module === undefined ? [] : [...(module.exports?.values() ?? [])];
  const names = exported
    .filter((one) => (one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one) === outer)
    .map((one) => one.escapedName as string);
  return [...names, name];
}

function findUnit(from: PackageProgram, { files, names, member }: Wanted): PackageUnit | null {
  for (const file of files) {
    for (const name of names) {
      const symbol = findExported(from, file, name);
      const unit = symbol === null ? null : toUnit(from.resolver, symbol, member);
      if (unit !== null) return { unit, package: from };
    }
  }
  return null;
}

function findExported({ program, resolver }: PackageProgram, file: string, name: string): ts.Symbol | null {
  const { checker } = resolver;
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) return null;
  const found =
    name === "export="
      ? module.exports?.get(ts.InternalSymbolName.ExportEquals)
      : checker.getExportsOfModule(module).find((one) => (one.escapedName as string) === name);
  if (found === undefined) return null;
  return found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
}

function toUnit(resolver: Resolver, symbol: ts.Symbol, member: Member | null): CodeUnit | null {
  const owner = resolver.classOfSymbol(symbol);
  if (member === null) return owner ?? resolver.functionOfSymbol(symbol);
  const declared = owner?.members.find(
    (one) =>
      one.name !== undefined &&
      ts.isIdentifier(one.name) &&
      one.name.text === member.name &&
      isStatic(one) === member.isStatic,
  );
  const found =
    declared === undefined ? undefined : resolver.checker.getSymbolAtLocation(declared.name ?? declared);
  return found === undefined ? null : resolver.functionOfSymbol(found);
}
