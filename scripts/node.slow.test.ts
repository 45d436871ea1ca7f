import { execFileSync } from "node:child_process"
import { expect, test } from "vitest"
import { nodeBinary } from "./node.ts"

test.each([24, 26] as const)(
  "Node %i is fetched and runs TypeScript as it stands",
  { timeout: 120_000 },
  async (major) => {
    const node = await nodeBinary(major)
    const source = "const version: string = process.versions.node; console.log(version)"
    expect(execFileSync(node, ["--input-type=module-typescript", "-e", source], { encoding: "utf8" })).toMatch(
      new RegExp(`^${major}\\.`),
    )
  },
)
