import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Those of core that put another module in the place of one, which must not have been loaded before. */
const ALONE = ["packages/core/src/run/machine.test.ts"]

/** What takes minutes begins first, so that no worker is left with it when the others have nothing more to do. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(".slow.test.ts")
    const sorted = await super.sort(files)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    env: { XDG_CACHE_HOME: join(tmpdir(), "open-brains-tests") }, // what tests compile is no business of the user's cache
    // A guard against what hangs; vitest's own 5 s is short for a test that calls a C compiler on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: availableParallelism(), // vitest would leave one out, which is half of two
    sequence: { sequencer: LongestFirst },
    projects: [
      // Core touches no process, so its files leave nothing behind: they share a worker, and what it has loaded.
      {
        extends: true,
        test: {
          name: "core",
          include: ["packages/core/**/*.test.ts", ...ALONE.map((path) => `!${path}`)],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: "node", include: ["{packages/!(core),bench,examples,modules,scripts}/**/*.test.ts", ...ALONE] },
      },
    ],
  },
})
