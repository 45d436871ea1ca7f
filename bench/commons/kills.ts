/** kill -9 at 200 random moments, of a hub and of who pushes to it: no acknowledged push lost, no half module seen. */
import { join } from "node:path"
import type { Part, PartOptions } from "../shared/part.ts"
import { say } from "../shared/report.ts"
import { killHubs, killPushes } from "./brain.testing.ts"

export async function measureKills({ isQuick, folder }: PartOptions): Promise<Part> {
  const each = isQuick ? 6 : 100
  const tell = (count: number): void => {
    if (count % 20 === 0) say(`  ${count} of ${each}`)
  }
  const underLoad = await killHubs(join(folder, "load"), each, tell)
  const pushes = await killPushes(join(folder, "push"), { rounds: each, onRound: tell })
  const faults = [...underLoad.faults, ...pushes.faults]
  for (const fault of faults) say(`  ${fault}`)
  const rounds = underLoad.kills + each
  return {
    measures: [
      { name: "random moments of a kill", value: rounds, unit: "", digits: 0, bars: { is: "at least", must: 200 } },
      {
        name: "acknowledged pushes lost, half modules seen",
        value: faults.length,
        unit: "",
        digits: 0,
        bars: { is: "at most", must: 0 },
      },
    ],
    sections: [
      {
        title: "Killed at any moment",
        notes: [
          "A hub with four clients that push without a pause, and `brain push` to a hub, where in turn the client, the hub, the client and both are killed. After each kill every tag stands for what was acknowledged last or what was under way, and all of it is fetched and compared; then `brain push` is run again.",
          "kill -9 leaves what the system holds in memory; that each acknowledgement waits for the sync of file, folder and log is what tests of the writer and of blobs show.",
        ],
        table: {
          heading: ["who", "killed", "pushes acknowledged", "faults"],
          rows: [
            ["a hub under load", `${underLoad.kills} times`, `${underLoad.acknowledged}`, `${underLoad.faults.length}`],
            [
              "`brain push` and its hub",
              `clients ${pushes.clients} times, hubs ${pushes.hubs}`,
              `${pushes.acknowledged}`,
              `${pushes.faults.length}`,
            ],
          ],
        },
      },
    ],
    isSame: faults.length === 0,
  }
}
