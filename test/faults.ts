/**
 * `npm run faults:logs -- [COUNT]`: logs of SQLite that are cut off, flipped or zeroed at COUNT places by chance (default 500). Ends
 * with 1 if something that was acknowledged before the damage is lost, or something is read that was not written.
 */
import { crash, findBroken } from "./stores/torn.ts";

const count = Number(process.argv[2] ?? 500);
const crashed = await crash(200);
const total = { broken: 0 };
for (let i = 0; i < count; i++) {
  const how = (["cut", "flipped", "zeroed"] as const)[i % 3]!;
  const at = Math.floor(Math.random() * crashed.log.length);
  for (const text of await findBroken(crashed, how, at)) {
    total.broken++;
    process.stdout.write(`✗ ${how} at ${at}: ${text}\n`);
  }
}
process.stdout.write(
  `${count} damaged logs of ${crashed.log.length} bytes, ${total.broken} promises broken\n`,
);
process.exitCode = total.broken === 0 ? 0 : 1;
