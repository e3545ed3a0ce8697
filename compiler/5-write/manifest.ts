import type { CheckpointKind } from "@durablec/runtime/machine";

/** File name of the manifest, in the output folder. */
export const manifestName = "durable.manifest.json";

/** What a build made, for workers, tools and reviews. Sorted, without times or absolute paths: two builds of the same sources are equal. */
export interface Manifest {
  /** Of this file's form. */
  readonly version: 1;
  /** Of the machine contract (docs/machine.md): a runtime must speak it. */
  readonly vocabulary: number;
  readonly functions: readonly ManifestFunction[];
}

export interface ManifestFunction {
  /** `src/fulfil.ts#fulfil`: what stored executions find their code by. */
  readonly id: string;
  readonly name: string;
  /** The name under which `module` exports it; null when only other durable functions can reach it. */
  readonly exported: string | null;
  /** The author's file, relative to the project. */
  readonly source: string;
  readonly line: number;
  /** The JavaScript module, relative to the manifest. */
  readonly module: string;
  /** Of everything that decides how stored state is read and continued. */
  readonly hash: string;
  readonly checkpoints: readonly ManifestCheckpoint[];
}

export interface ManifestCheckpoint {
  readonly number: number;
  readonly kind: CheckpointKind;
  /** Of the step or operation, where the source tells. */
  readonly name: string | null;
  readonly line: number;
  readonly column: number;
  /** False for an operation that is started here and awaited elsewhere. */
  readonly awaited: boolean;
  /** What is stored when an execution stands here. */
  readonly live: readonly { readonly name: string; readonly type: string | null }[];
}
