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
}

export interface DiagnosticNote {
  readonly message: string;
  readonly file: string;
  readonly start: number;
  readonly end: number;
}
