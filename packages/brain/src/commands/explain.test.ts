import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { brain } from "../testing/command.ts"

const intent = `${repository}/modules/intent`
const stage = async (name: string): Promise<string> => {
  const { code, out } = await brain(["explain", "--stage", name, intent])
  expect(code).toBe(0)
  return out
}

test("the graph: a value a line, with its type, then what it gives", async () => {
  const text = await stage("graph")
  expect(text).toMatch(/%0: i8\[4096, 64\] = weight\(\) \{ name: "table" \}/)
  expect(text).toMatch(/= kernel\(%1, %2\) \{ program: ngrams, output: "slots" \}/)
  expect(text).toMatch(/^gives label = %\d+$/m)
})
test("the loop IR: buffers, entries, a statement a line", async () => {
  const text = await stage("ir")
  expect(text).toMatch(/^program predict\n {2}input table: i8\[262144\]$/m)
  expect(text).toMatch(/^prepare$/m)
  expect(text).toMatch(/parallel \w+ < \d+/)
})
test("the plan: where each buffer lies, and what each entry does at least and at most", async () => {
  const text = await stage("plan")
  expect(text).toMatch(/^0 +262144 +input +i8\[262144\] +table$/m)
  expect(text).toMatch(/^run +\d+ … \d+ +\d+ … \d+ +\d+ … \d+$/m)
  expect(text).toMatch(/\d+ buffers, bytes: 276026 of input, 604 of output/)
})
test("WebAssembly in its text format, as the engine is given it", async () => {
  const text = await stage("wasm")
  expect(text).toMatch(/^\(module\n/)
  expect(text).toContain("i32x4.")
  expect(text).toContain('(export "run"')
})
test("the C that the native engine would build", async () => {
  const text = await stage("c")
  expect(text).toContain("#include <stdint.h>")
  expect(text).toMatch(/void run\(unsigned char \*memory\)/)
  expect(text).toMatch(/void run_prepare\(unsigned char \*memory\)/)
})
test("--json wraps the text, with the digest that it is of", async () => {
  const { out } = await brain(["explain", "--stage", "graph", intent, "--json"])
  expect(JSON.parse(out)).toMatchObject({ path: intent, stage: "graph", digest: expect.stringMatching(/^sha256:/) })
})
test("a stage that there is not, and none at all", async () => {
  const wrong = await brain(["explain", "--stage", "llvm", intent])
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("graph, ir, plan, wasm, c")])
  const none = await brain(["explain", intent])
  expect([none.code, none.err]).toEqual([2, expect.stringContaining("--stage")])
})
