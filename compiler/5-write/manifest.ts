import type { CheckpointDescription, FunctionDescription } from "../4-emit/toDescription.ts";

/** File name of the manifest, in the output folder. */
export const manifestName = "durable.manifest.json";

/**
 * What a build made, for workers, tools and reviews. In source order, without times or absolute paths: two builds of
 * the same sources are equal.
 */
export interface Manifest {
  /** Of this file's form. */
  readonly version: 1;
  /** Of the machine contract (docs/machine.md): a runtime must speak it. */
  readonly vocabulary: number;
  readonly functions: readonly ManifestFunction[];
}

export interface ManifestFunction extends FunctionDescription {
  /** The author's file, relative to the project: `src/fulfil.ts`. */
  readonly source: string;
  readonly line: number;
  /** The JavaScript module, relative to the manifest. */
  readonly module: string;
}

export type ManifestCheckpoint = CheckpointDescription;
