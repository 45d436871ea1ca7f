import { tmpdir } from "node:os"
import { join } from "node:path"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["{packages,bench,examples,modules,scripts}/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    passWithNoTests: true,
    env: { XDG_CACHE_HOME: join(tmpdir(), "open-brains-tests") }, // what tests compile is no business of the user's cache
    // A guard against what hangs; vitest's own 5 s is short for a test that calls a C compiler on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
