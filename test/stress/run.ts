/** `npm run stress [-- fixtures|packages|show NAME]`: awaits at every place where one may stand. Ends with 1 on a difference. */
import { stressPackages } from "./stressPackages.ts";
import { listFixtures, stressFixture, toStressed } from "./stressFixtures.ts";

const [what = "all", name] = process.argv.slice(2);

async function stressFixtures(): Promise<boolean> {
  const count = { same: 0, unstorable: 0, refused: 0, different: 0 };
  for (const fixture of listFixtures()) {
    if (name !== undefined && name !== fixture) continue;
    const outcome = await stressFixture(fixture, true);
    count[outcome.kind]++;
    if (outcome.kind !== "same") console.log(`${fixture}: ${outcome.kind}\n  ${outcome.message}`);
  }
  const { same, unstorable, refused, different } = count;
  console.log(`fixtures: ${same} the same four ways, ${unstorable} up to a value that cannot be stored`);
  console.log(`          ${refused} refused, ${different} different`);
  return count.different === 0;
}

if (what === "show" && name !== undefined) console.log(toStressed(name));
const isSame = [
  what === "all" || what === "fixtures" ? await stressFixtures() : true,
  what === "all" || what === "packages" ? stressPackages() : true,
];
// Programs that were stopped midway may hold timers.
process.exit(isSame.every(Boolean) ? 0 : 1);
