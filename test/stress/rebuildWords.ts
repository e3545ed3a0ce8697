/** The words of machines, with every function rebuilt at every await, whoever calls it. */
import { currentFrame, Frame, launch, start as startFrame, type Call } from "../../runtime/frame.ts";
import { rebuildHost } from "../../runtime/rebuild.ts";

export * from "../../runtime/machine.ts";

export function start(...given: Parameters<typeof startFrame>): Promise<unknown> {
  const [machine, self, args, enter = machine.enter] = given;
  if (currentFrame() !== null) return startFrame(...given);
  const frame = new Frame(machine);
  return launch(frame, { enter: enter as Call["enter"], self, args }, rebuildHost.begin(frame, null));
}
