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
    message: "Durable function '{name}' uses '{variable}', a local of {owner}.",
    advice: "Pass '{variable}' as an argument, or declare it at the top of the module.",
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
  DC112: {
    slug: "ignore-without-reason",
    severity: "error",
    message: "This durablec-ignore {lack}, so it ignores nothing.",
    advice: "Write it as // durablec-ignore DC201: and why it does no harm here.",
  },
  DC113: {
    slug: "unused-ignore",
    severity: "warning",
    message: "There is no {code} here to ignore.",
    advice: "Remove the comment, or the code from its list.",
  },
  DC201: {
    slug: "clock-outside-step",
    severity: "error",
    message: "{found} reads the clock outside a step.",
    advice:
      "Use now() of @durablec/runtime, which answers the same when this code runs again, or read the clock inside a step.",
  },
  DC202: {
    slug: "randomness-outside-step",
    severity: "error",
    message: "{found} draws a random value outside a step.",
    advice:
      "Use random() or uuid() of @durablec/runtime, which answer the same when this code runs again, or draw it inside a step.",
  },
  DC203: {
    slug: "environment-outside-step",
    severity: "error",
    message: "{found} reads this process or machine outside a step.",
    advice: "Read it inside a step, or pass the value as an argument of the durable function.",
  },
  DC204: {
    slug: "network-outside-step",
    severity: "error",
    message: "{found} uses the network outside a step.",
    advice: "Move it into a step, or await a function that does it: an awaited call is a step of its own.",
  },
  DC205: {
    slug: "files-outside-step",
    severity: "error",
    message: "{found} uses the file system outside a step.",
    advice: "Move it into a step, or await the promise version: an awaited call is a step of its own.",
  },
  DC206: {
    slug: "process-outside-step",
    severity: "error",
    message: "{found} starts or signals another process outside a step.",
    advice: "Move it into a step.",
  },
  DC207: {
    slug: "timer-outside-step",
    severity: "error",
    message: "{found} schedules work that would be forgotten when the process ends.",
    advice: "Use wait() of @durablec/runtime, which survives a restart and costs no memory.",
  },
  DC208: {
    slug: "listed-as-impure",
    severity: "error",
    message: "{found} is listed as impure in the configuration, and used outside a step.",
    advice: "Call it inside a step, so that its answer is recorded.",
  },
  DC209: {
    slug: "changed-in-step",
    severity: "error",
    message: "'{variable}' is changed inside a step, where the change does not last.",
    advice: "Return the new value from the step, and assign it outside.",
  },
  DC210: {
    slug: "not-awaited",
    severity: "error",
    message: "Nothing waits for {what}.",
    advice: "Await it, or keep its promise and await that later.",
  },
  DC211: {
    slug: "dropped-on-purpose",
    severity: "warning",
    message: "Nothing waits for {what}: it is lost if the function ends first.",
    advice: "Await it before the end, for instance together with other work in Promise.all.",
  },
  DC212: {
    slug: "not-recorded",
    severity: "error",
    message: "{what} {how}, so its result would not be recorded.",
    advice: "Hand over an async function that calls it, as in ids.map(async (id) => load(id)).",
  },
  DC213: {
    slug: "callback-not-awaited",
    severity: "warning",
    message: "'{callee}' does not wait for this async function.",
    advice: "Use a for-of loop with await, or await Promise.all(items.map(async (item) => ...)).",
  },
  DC214: {
    slug: "durable-callback-in-step",
    severity: "error",
    message: "'{callee}' runs as a step, so the async function it is given cannot be durable.",
    advice:
      'Make it part of a step: step("{callee}", () => {callee}(async () => ...)), or call it without the callback.',
  },
  DC215: {
    slug: "operation-in-step",
    severity: "error",
    message: "{operation} {where} inside a step's body, where there is no execution to ask.",
    advice: "Call it outside the step, in the durable function itself.",
  },
  DC216: {
    slug: "unmarked-helper",
    severity: "error",
    message: "'{callee}' uses {operation}, but is not marked \"use durable\", so it runs as a step.",
    advice: 'Mark it "use durable": it is then a part of the execution.',
  },
  DC217: {
    slug: "implicit-step",
    severity: "error",
    message: "'{callee}' is a step that is not spelt out, and this project asks for explicit steps.",
    advice:
      'Write it as step("...", () => {callee}(...)), mark the function "use step", or list it under step in the configuration.',
  },
  DC218: {
    slug: "module-state",
    severity: "warning",
    message: "'{variable}' belongs to this process and changes, and is used by durable code.",
    advice: "Keep it in a variable of the durable function, or read and write it inside a step.",
  },
  DC219: {
    slug: "race-with-foreign-promise",
    severity: "warning",
    message:
      "This promise was not started by durable code, so Promise.{combinator} may choose differently when this code runs again.",
    advice: "Start its work as a step, or use wait() for a time limit.",
  },
  DC220: {
    slug: "unknown-callee",
    severity: "advice",
    message: "'{callee}' has no type, so what it does between checkpoints cannot be judged.",
    advice: "Give it a type, or call it inside a step.",
  },
  DC221: {
    slug: "same-step-name",
    severity: "advice",
    message: "Two steps of this function are called '{name}'.",
    advice: "Give each its own name: names are how people and deploys tell steps apart.",
  },
  DC222: {
    slug: "endless-growth",
    severity: "advice",
    message: "'{variable}' grows in a loop that never ends, and is stored with the state.",
    advice: "Keep only what is still needed, or write the rest somewhere else inside a step.",
  },
  DC223: {
    slug: "effect-outside-step",
    severity: "warning",
    message: "{found} tells somebody else, each time this code runs.",
    advice: "Call it inside a step, so that it is not done again once it is recorded.",
  },
  DC224: {
    slug: "called-directly",
    severity: "advice",
    message: "Durable function '{name}' is called {where}, where nothing of it is recorded.",
    advice:
      "Start it through the engine (engine.start({name}, ...)), or call it from durable code, outside of steps.",
  },
  DC225: {
    slug: "never-reached",
    severity: "warning",
    message: "{what} stands after a {exit}, so it never runs.",
    advice: "Move it before the {exit}, or remove it.",
  },
  DC301: {
    slug: "cannot-be-stored",
    severity: "error",
    message: "'{variable}' cannot be stored: {path} is {what}.",
    advice: "{way}",
  },
  DC302: {
    slug: "result-cannot-be-recorded",
    severity: "error",
    message: "The result of {step} cannot be recorded: {path} is {what}.",
    advice: "{way}",
  },
  DC303: {
    slug: "may-not-be-stored",
    severity: "warning",
    message: "{subject} may not be storable: {path} is {what}.",
    advice: "{way}",
  },
  DC304: {
    slug: "private-state",
    severity: "error",
    message:
      "{subject} cannot be stored: {path} is an instance of '{class}', whose #private fields nobody else can read.",
    advice:
      "Make the fields TypeScript-private, or give '{class}' a method [durable.save]() and a static [durable.load](data).",
  },
  DC305: {
    slug: "large-state",
    severity: "advice",
    message: "'{variable}' is stored with the state, and may take {size}.",
    advice: "Keep what is needed of it, or write the rest somewhere else inside a step and keep a reference.",
  },
  DC501: {
    slug: "invalid-configuration",
    severity: "error",
    message: "The configuration cannot be used as it is: {problem}.",
    advice: "Correct the file. This part of it counts as not written until then.",
  },
} as const;
