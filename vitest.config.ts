import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["{packages,bench,examples,modules,scripts}/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    passWithNoTests: true,
    // A guard against what hangs; vitest's own 5 s is short for a test that calls a C compiler on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
