/** Generated from docs/diagnostics by writeCatalogue.ts. Change the page, then run that. */
export const CATALOGUE = {
  DC101: {
    slug: "misspelt-directive",
    severity: "error",
    message: 'The directive "{found}" is not known, so nothing here is durable.',
    advice: 'Write "{meant}".',
  },
  DC102: {
    slug: "misplaced-directive",
    severity: "error",
    message: 'This "{directive}" {where}, so it marks nothing.',
    advice: 'Make "{directive}" the first statement of the function\'s body, or of the module.',
  },
  DC103: {
    slug: "directive-in-sync-function",
    severity: "error",
    message: "Function '{name}' is marked \"{directive}\" but is not async.",
    advice: "Add async, or remove the directive.",
  },
  DC104: {
    slug: "directive-in-wrong-function",
    severity: "error",
    message: 'A {host} cannot be marked "{directive}".',
    advice: "Move the work into an async function, mark that one, and call it from here.",
  },
  DC105: {
    slug: "captured-local",
    severity: "error",
    message: "Durable function '{name}' uses '{variable}', a local of '{owner}', which is not durable.",
    advice: "Pass '{variable}' as an argument, or make it a constant of the module.",
  },
  DC106: {
    slug: "nameless-durable-function",
    severity: "error",
    message: "This durable function has no name.",
    advice:
      "Give the function a name. Its stored executions find their code by the file's path and that name.",
  },
  DC107: {
    slug: "same-name",
    severity: "error",
    message: "The name '{name}' belongs to two durable functions of this file.",
    advice: "Rename one of them. Stored executions find their code by the file's path and the name.",
  },
  DC108: {
    slug: "two-directives",
    severity: "error",
    message: 'Function \'{name}\' is marked both "use durable" and "use step".',
    advice:
      'Keep "use durable" if it has steps of its own to remember, "use step" if it should run as one step.',
  },
  DC109: {
    slug: "module-without-durable-function",
    severity: "warning",
    message: 'This module is marked "use durable" but exports no async function.',
    advice: "Export an async function, or remove the directive.",
  },
  DC110: {
    slug: "not-yet",
    severity: "error",
    message: "This version cannot make {construct} durable yet.",
    advice: "{way}",
  },
  DC111: {
    slug: "refused",
    severity: "error",
    message: "Durable code cannot use {construct}, because {reason}.",
    advice: "{way}",
  },
} as const;
