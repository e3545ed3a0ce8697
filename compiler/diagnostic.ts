/** One finding, the same for every face (CLI, editor, CI). Positions are UTF-16 offsets into `file`'s text. */
export interface Diagnostic {
  /** `DC201`. Every code has a page in `docs/diagnostics/`. */
  readonly code: string;
  readonly severity: "error" | "warning" | "advice";
  /** One sentence in the user's words that names the thing found. */
  readonly message: string;
  /** Absolute path, forward slashes. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** Related places: the call chain, the checkpoint a variable is live at. */
  readonly notes: readonly DiagnosticNote[];
  /** What to do about it. */
  readonly advice: string;
  /** Changes that would answer it, the preferred one first. Left out where there is none. */
  readonly fixes?: readonly DiagnosticFix[];
}

export interface DiagnosticFix {
  /** What an editor's menu says: "Use now() of the runtime". */
  readonly title: string;
  /** All of them or none. They do not overlap; offsets are those of the text the diagnostic was made from. */
  readonly edits: readonly DiagnosticEdit[];
  /** True if the meaning cannot change but for what the diagnostic is about: `lint --fix` applies these. */
  readonly safe: boolean;
}

export interface DiagnosticEdit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface DiagnosticNote {
  readonly message: string;
  readonly file: string;
  readonly start: number;
  readonly end: number;
}
