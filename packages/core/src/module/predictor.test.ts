import fc from "fast-check"
import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { Refusal } from "../base/problem.ts"
import type { PredictorManifest } from "./manifest.ts"
import { parseManifest, parseModule, parsePredictor, printManifest } from "./text.ts"
import { isPartName } from "./values.ts"

const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31)

const SCRIBE: PredictorManifest = {
  kind: "predictor",
  name: "scribe",
  about: "Stories and plays",
  licence: "CC0-1.0",
  memoryBytes: 2 ** 24,
  built: { operations: 1, seed: 0, data: [{ name: "stories.txt", digest: digest("stories") }] },
  parts: { "recipe.json": digest("recipe"), "primer.txt": digest("primer") },
}
const TEXT = printManifest(SCRIBE)

const codesOf = (source: string, parse: (source: string, file: string) => unknown = parsePredictor): unknown => {
  try {
    parse(source, "module.brain")
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}

test("a predictor is read aloud", () => {
  expect(TEXT.replace(/sha256:[0-9a-f]{64}/g, "sha256:…")).toBe(`predictor scribe {
  about "Stories and plays"
  licence "CC0-1.0"
  memory 16777216 bytes
  built {
    operations 1
    seed 0
    data "stories.txt" sha256:…
  }
  part "primer.txt" sha256:…
  part "recipe.json" sha256:…
}
`)
})

const line = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== "" && !/\p{Cc}/u.test(text))
const anyDigest = fc.nat().map((n) => digest(`${n}`))
const partName = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/).filter(isPartName)
const manifests: fc.Arbitrary<PredictorManifest> = fc.record({
  kind: fc.constant("predictor" as const),
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,63}$/),
  about: line,
  licence: fc.constantFrom("MIT", "CC0-1.0 AND MIT"),
  memoryBytes: fc.integer({ min: 14, max: 30 }).map((n) => 2 ** n),
  built: fc.record({
    operations: fc.integer({ min: 1, max: 65_535 }),
    seed: fc.nat(),
    data: fc.uniqueArray(fc.record({ name: line, digest: anyDigest }), {
      selector: ({ name }) => name,
      maxLength: 3,
    }),
  }),
  parts: fc
    .uniqueArray(fc.tuple(partName, anyDigest), { selector: ([name]) => name.toLowerCase(), maxLength: 5 })
    .map((parts) => Object.fromEntries(parts)),
})

test(`what is printed is read as it was, and printed again the same (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const text = printManifest(manifest)
      expect(parseModule(text, "module.brain")).toEqual(manifest)
      expect(printManifest(parsePredictor(text, "module.brain"))).toBe(text)
    }),
    { seed: SEED, numRuns: 200 },
  )
})

test("mistakes are told where they are", () => {
  expect(codesOf(TEXT.replace("16777216", "16777217"))).toEqual(["OB800"])
  expect(codesOf(TEXT.replace("16777216", "512"))).toEqual(["OB111"])
  expect(codesOf(TEXT.replace("16777216", "1024"))).toEqual([])
  expect(codesOf(TEXT.replace("16777216", "2147483648"))).toEqual(["OB111"])
  expect(codesOf(TEXT.replace("16777216 bytes", "16777216"))).toEqual(["OB105"])
  expect(codesOf(TEXT.replace(/ {2}memory.*\n/, ""))).toEqual(["OB108"])
  expect(codesOf(TEXT.replace("memory", "memry").replace("CC0-1.0", "by me"))).toEqual(["OB117", "OB106"])
  expect(codesOf(TEXT.slice(0, -2))).toEqual(["OB105"])
  expect(() => parsePredictor(TEXT.replace("16777216", "20000000"), "module.brain")).toThrow(
    "hint: The nearest one: memory 16777216 bytes",
  )
  expect(() => printManifest({ ...SCRIBE, memoryBytes: 3 })).toThrow("OB111")
})

test("a predictor is no net, and a net no predictor", () => {
  expect(codesOf(TEXT, parseManifest)).toEqual(["OB120"])
  const net = `net a { about "a" licence "MIT" takes a: text up to 1 bytes gives b: label { c } unsure below 0 bits built { operations 1 seed 1 } }`
  expect(codesOf(net)).toEqual(["OB801"])
})

test(`a stranger's text gives a manifest or a Refusal (SEED=${SEED})`, () => {
  const pieces = fc.constantFrom(...(TEXT.match(/sha256:[0-9a-f]+|\w+|\s+|[^\w\s]/g) ?? []), "{", "}", '"', "1e9", "-1")
  const edits = fc.array(fc.tuple(fc.nat(TEXT.length), fc.nat(30), pieces), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(edits, (all) => {
      const source = all.reduce((text, [at, length, by]) => text.slice(0, at) + by + text.slice(at + length), TEXT)
      try {
        printManifest(parsePredictor(source, "module.brain"))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
      }
    }),
    { seed: SEED, numRuns: 1000 },
  )
})
