/**
 * An error's stack without the frames of the runtime: what is left is the author's code, in the order in which it was
 * called. `runtime` is the folder that the runtime's modules lie in.
 */
export function formatStack(error: Error, runtime: string): string {
  const lines = (error.stack ?? `${error.name}: ${error.message}`).split("\n");
  const isFrame = (line: string) => /^\s+at /.test(line);
  const isOurs = (line: string) => line.includes(runtime) || line.includes("at new Promise (<anonymous>)");
  return lines.filter((line) => !isFrame(line) || !isOurs(line)).join("\n");
}
