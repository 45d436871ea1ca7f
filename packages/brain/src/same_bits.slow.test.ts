import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { LEVELS } from "@open-brains/core/quantise/coarse.ts"
import { RECIPE } from "@open-brains/core/train/recipe.ts"
import { expect, onTestFinished, test } from "vitest"
import { nodeBinary } from "../../../scripts/node.ts"
import { mirrorIsPromised, missingData, repository, requireOrSkip } from "../../../scripts/testing.ts"
import { buildModule } from "./build.ts"
import { splitsOf } from "./examples.ts"
import { missingCompiler, VARIANTS } from "./native/c99.ts"
import { answersInC, answersOn, differences, HOSTILE_BYTES_MAX, hostileTexts } from "./native/same_bits.ts"
import { CLINC150_IN_MIRROR, published } from "./testing/published.ts"

const SEED = 1
for (const levels of [undefined, ...LEVELS])
  test(`a classifier with ${levels ?? 255} levels gives the same bits on every engine, to messages and to what is no UTF-8 (seed ${SEED})`, {
    timeout: 300_000,
  }, async (context) => {
    requireOrSkip(context, missingCompiler())
    requireOrSkip(context, missingData(CLINC150_IN_MIRROR), mirrorIsPromised())
    const examples = await published("clinc150")
    const recipe = { ...RECIPE, relearn: false, epochs: 2, ...(levels ? { levels } : {}) }
    const { taught } = buildModule(examples, [{ name: "scratch", recipe }], SEED)
    const weights = Object.fromEntries(Object.entries(taught.weights).map(([name, data]) => [name, { data }]))
    const parts = { ...taught, weights }
    const messages = splitsOf(examples).validation.map(({ text }) => text)
    const encoded = messages.slice(0, 400).map((text) => new TextEncoder().encode(text))
    const hostile = hostileTexts(messages, 1000, SEED)
    const texts = [...hostile.slice(0, 60), ...encoded, ...hostile.slice(60)]

    const judge = answersOn(interpreterEngine, parts, texts.slice(0, 120))
    const wasm = answersOn(wasmEngine, parts, texts)
    expect(differences(judge, wasm)).toEqual({ count: 0 })
    for (const [name, flags] of Object.entries(VARIANTS))
      expect([name, differences(wasm, answersInC(name, flags, parts, texts))]).toEqual([name, { count: 0 }])
  })

test("hostile texts are as long as promised, mostly no UTF-8, and the same for one seed", () => {
  const texts = hostileTexts(["where is my parcel", "I was charged twice"], 2000, SEED)
  expect(texts).toEqual(hostileTexts(["where is my parcel", "I was charged twice"], 2000, SEED))
  const lengths = texts.map(({ length }) => length)
  expect([Math.min(...lengths) < 5, Math.max(...lengths) > 1090]).toEqual([true, true])
  expect(Math.max(...lengths)).toBeLessThanOrEqual(HOSTILE_BYTES_MAX)
  const isUtf8 = (bytes: Uint8Array): boolean => Buffer.from(bytes).equals(Buffer.from(new TextDecoder().decode(bytes)))
  const damaged = texts.filter((_, i) => i % 2 === 1)
  expect(damaged.filter((text) => !isUtf8(text)).length / damaged.length).toBeGreaterThan(0.5)
})

test("one altered byte of an answer is seen", () => {
  const answers = { engine: "a", texts: 3, bytes: Uint8Array.from([1, 2, 3, 4, 5, 6]) }
  const other = { ...answers, bytes: Uint8Array.from([1, 2, 3, 4, 5, 7]) }
  expect([differences(answers, answers), differences(answers, other)]).toEqual([{ count: 0 }, { count: 1, first: 2 }])
})

test("Node 24 and Node 26 teach the same weights", { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "brain-same-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const weights = [24, 26].map(async (major) => {
    const node = await nodeBinary(major as 24 | 26)
    const words = ["teach", "examples/helpdesk/messages.csv", "--into", join(folder, `node-${major}`), "--base", "none"]
    const output = execFileSync(node, ["packages/brain/src/main.ts", ...words, "--json"], {
      cwd: repository,
      encoding: "utf8",
    })
    return (JSON.parse(output) as { readonly weights: string }).weights
  })
  const [oldest, pinned] = await Promise.all(weights)
  expect(oldest).toMatch(/^sha256:/)
  expect(oldest).toBe(pinned)
})
