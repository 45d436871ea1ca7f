import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { zstdDecompressSync } from "node:zlib"
import { digest } from "@open-brains/core/base/digest.ts"
import type { JsonObject } from "@open-brains/core/base/json.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { TILES } from "@open-brains/core/base/tiles.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { readSafetensors, writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { BASE_RECIPE } from "@open-brains/core/train/bytes.ts"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { newPerson } from "../sharing/testing/people.ts"
import { writeModule } from "../store/folder.ts"
import { brain, temporary } from "../testing/command.ts"
import { NET } from "./experts.ts"
import { headOf } from "./head.ts"
import { rebuildScribe, scribeRecipeOf, writeScribe } from "./make.ts"
import { makeNet, type NetRecipe } from "./make_net.ts"
import { openScribe } from "./open.ts"
import { PRIMER } from "./primer.ts"
import { writeState } from "./snapshot.ts"
import { teachScribe } from "./teach.ts"

const TEXT = "the cat sat on the mat; the rat ate the oat.\n".repeat(20)
const BYTES = new TextEncoder().encode(TEXT)
const NUMBERS = { ...BASE_RECIPE, features: 6, hidden: 16, batch: 4, steps: 10, updates: 200, rate: 0.02 }
const FILE = { file: "texts/cat.txt", bytes: TEXT.length, digest: digest(TEXT), from: 0, to: TEXT.length }
const FROM: NetRecipe = {
  corpus: { ending: "|", pieceBytes: 4096, files: [{ ...FILE, licence: "CC0-1.0", source: "here" }] },
  recipe: NUMBERS,
  seed: 3,
}
const PIECE = { file: FILE.file, digest: FILE.digest, from: 0, to: 90 }
const recipe = (more: JsonObject = {}) =>
  new TextEncoder().encode(JSON.stringify({ primer: [PIECE], net: FROM, ...more }))

const HERE = process.cwd()
let net: Uint8Array
beforeEach(async () => {
  newPerson().become()
  process.chdir(temporary())
  mkdirSync("mirror/texts", { recursive: true })
  writeFileSync("mirror/texts/cat.txt", TEXT)
  net ??= await makeNet(FROM, "mirror", wasmEngine)
})
afterEach(() => {
  process.chdir(HERE)
  vi.unstubAllEnvs()
})
const write = (folder: string, parts: Readonly<Record<string, Uint8Array>>, memoryBytes = 2 ** 14) =>
  writeModule<PredictorManifest>(
    folder,
    {
      kind: "predictor",
      name: "cat",
      about: "It has a net",
      licence: "CC0-1.0",
      memoryBytes,
      built: { operations: 1, seed: 0, data: [] },
    },
    parts,
  )
/** The same engine, on a machine that likes its products cut otherwise. */
const OTHERWISE_CUT: Engine = {
  ...wasmEngine,
  tiles: { ...TILES, integer: { rows: 1, columns: 16, unroll: 4, dot: "bytes" }, least: 1 },
}
const stateOf = async (word: string, engine: "wasm" | "interpreter" | Engine) =>
  digest(writeState((await openScribe(word, { engine })).predictor, digest("")))
const codesOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await work
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}

test("a module with a net has an expert more, and text like what that learnt costs less", async () => {
  await write("with", { [NET]: net })
  await write("without", {})
  const [one, other] = [await openScribe("with"), await openScribe("without")]
  expect(one.predictor.experts.map(({ name }) => name)).toEqual([
    ...other.predictor.experts.map(({ name }) => name),
    "neural",
  ])
  const [cheap, dear] = [one, other].map(({ predictor }) => predictor.read(BYTES.subarray(0, 90), { learns: true }))
  expect(cheap).toBeLessThan(0.8 * dear!)
})

for (const memoryBytes of [2 ** 14, 2 ** 22])
  test(`what it remembers, of ${memoryBytes} bytes, is of every engine, and holds no weights`, async () => {
    await write("mine", { [NET]: net, [PRIMER]: BYTES }, memoryBytes)
    const first = await openScribe("mine", { engine: "wasm" })
    expect(first.bytesRead).toBe(TEXT.length)
    const state = await stateOf("mine", "wasm")
    for (const engine of ["interpreter", OTHERWISE_CUT] as const) {
      expect((await openScribe("mine", { engine })).bytesRead).toBe(0)
      expect(await stateOf("mine", engine)).toBe(state)
    }
    const kept = readSafetensors(zstdDecompressSync(headOf(writeState(first.predictor, digest("")))!.body), "it")
    const own = Object.entries(kept).filter(([name]) => name.includes("net_"))
    expect(own.map(([name, { data }]) => [name, data.length]).sort()).toEqual([
      ["neural_net_frequencies", 256],
      ["neural_net_h", NUMBERS.hidden],
      ["neural_net_tree", 256],
    ])
  })

test("another net is another scribe: nothing that one remembers is taken for the other", async () => {
  writeFileSync("cat.txt", TEXT)
  await write("cat", { [NET]: net })
  await teachScribe("cat", [{ name: "cat.txt", from: "cat.txt" }])
  const before = (await openScribe("cat")).states
  const other = await makeNet({ ...FROM, seed: 4 }, "mirror", wasmEngine)
  await write("cat", { [NET]: other })
  const opened = await openScribe("cat")
  expect(opened.bytesRead).toBe(TEXT.length)
  expect(opened.states.filter((state) => before.includes(state))).toEqual([])
})

test("weights that are damaged, cut short or of another net are refused, and the file is named", async () => {
  const tensors = readSafetensors(net, NET)
  const { head: _, ...beheaded } = tensors
  const cases: readonly (readonly [code: string, bytes: Uint8Array])[] = [
    ["OB130", net.subarray(0, net.length - 1)],
    ["OB130", new Uint8Array()],
    ["OB333", writeSafetensors(beheaded)],
    ["OB333", writeSafetensors({ ...tensors, head: { dtype: "i8", shape: [2, 2], data: new Int8Array(4) } })],
  ]
  for (const [i, [code, bytes]] of cases.entries()) {
    await write(`bad${i}`, { [NET]: bytes })
    expect(await codesOf(openScribe(`bad${i}`))).toEqual([code])
    await expect(openScribe(`bad${i}`)).rejects.toThrow(`bad${i}/${NET}`)
  }
})

test("a recipe makes both again, to the bit, and one alone where that is asked", async () => {
  vi.stubEnv("BRAIN_MIRROR", join(process.cwd(), "mirror"))
  await write("mine", { "recipe.json": recipe() })
  const options = { fetching: { mirror: "mirror", cache: "", isOffline: true }, engine: wasmEngine }
  const { parts, manifest } = await writeScribe("mine", options)
  expect(Buffer.from(parts[NET]!)).toEqual(Buffer.from(net))
  expect(new TextDecoder().decode(parts[PRIMER]!)).toBe(TEXT.slice(0, 90))
  expect(manifest.built).toEqual({ operations: 1, seed: 3, data: [{ name: FILE.file, digest: FILE.digest }] })
  const { out } = await brain(["rebuild", "mine", "--json"])
  expect(JSON.parse(out)).toMatchObject({ isSame: true, parts: [{ name: PRIMER }, { name: NET }, { name: "built" }] })

  await write("other", { "recipe.json": recipe(), [PRIMER]: parts[PRIMER]!, [NET]: net.with(-1, net.at(-1)! ^ 1) })
  const again = await brain(["rebuild", "other"])
  expect([again.code, again.out]).toMatchObject([1, expect.stringMatching(/same {2}primer\.txt .*differs {2}net/s)])
  expect((await brain(["rebuild", "other", "--write", "--only", "primer"])).code).toBe(0)
  expect((await brain(["rebuild", "other", "--only", "primer"])).code).toBe(0)
  expect((await brain(["rebuild", "other"])).code).toBe(1)
  expect((await brain(["rebuild", "other", "--write", "--only", "net"])).code).toBe(0)
  expect((await brain(["rebuild", "other"])).code).toBe(0)
  expect(readFileSync(join("other", NET))).toEqual(Buffer.from(net))

  const { net: _, ...primerAlone } = JSON.parse(new TextDecoder().decode(recipe()))
  const told = new TextEncoder().encode(JSON.stringify(primerAlone))
  await write("unsaid", { "recipe.json": told, [PRIMER]: parts[PRIMER]!, [NET]: net })
  expect((await brain(["rebuild", "unsaid", "--only", "primer", "--write"])).code).toBe(0)
  const unsaid = JSON.parse((await brain(["rebuild", "unsaid", "--json"])).out)
  expect(unsaid).toMatchObject({ isSame: false, parts: [{ name: PRIMER }, { name: NET }, { name: "built" }] })
})

test("recipes that make no net are refused", async () => {
  const cases: readonly (readonly [code: string, net: JsonObject | null, seen: string])[] = [
    ["OB806", null, "no object"],
    ["OB806", { ...FROM, seed: -1 } as never, "without a seed"],
    ["OB806", { ...FROM, recipe: { ...NUMBERS, hidden: 1e9 } } as never, "no `hidden` that could be"],
    ["OB806", { ...FROM, recipe: { ...NUMBERS, updates: 1.5 } } as never, "no `updates` that could be"],
    ["OB806", { ...FROM, recipe: { ...NUMBERS, rate: "fast" } } as never, "no `rate` that could be"],
    ["OB404", { ...FROM, corpus: {} } as never, "`ending`"],
  ]
  for (const [code, net, seen] of cases)
    expect(() => scribeRecipeOf(recipe({ net }), "it"), seen).toThrow(new RegExp(`${code}[^]*${seen}`))
  const torn = scribeRecipeOf(recipe({ primer: [{ ...PIECE, digest: digest("x") }] }), "it")
  expect(torn.net?.seed).toBe(3)
  const module = await write("torn", { "recipe.json": recipe({ primer: [{ ...PIECE, digest: digest("x") }] }) })
  const options = { fetching: { mirror: "mirror", cache: "", isOffline: true }, engine: wasmEngine }
  await expect(rebuildScribe(module, options)).rejects.toThrow("names two digests of texts/cat.txt")
})
