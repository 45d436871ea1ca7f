import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { canonicalJson, type Json } from "@open-brains/core/base/json.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { stream } from "@open-brains/core/base/random.ts"
import { TRICKS } from "@open-brains/core/ir/testing/tricks.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { encode } from "./build.ts"
import { load, open } from "./load.ts"
import { readModule } from "./store/folder.ts"
import { reseal, withMember } from "./testing/altered.ts"
import { brain, temporary } from "./testing/command.ts"
import { teachDesk } from "./testing/lesson.ts"

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-hostile-"))
  await teachDesk(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A copy of the module, to be harmed. */
function copy(): string {
  const path = join(temporary(), "desk")
  cpSync(join(folder, "desk"), path, { recursive: true })
  return path
}
/** What `ask` says to it, with DESK for its path. Never a stack, never an answer, and the same as JSON. */
async function told(path: string): Promise<string> {
  const { code, out, err } = await brain(["ask", path, "where is my parcel"])
  expect([code, out]).toEqual([1, ""])
  expect(err).toMatch(/^error\[OB\d+\]: .*\n(?:.*\n)*hint: ./)
  const json = await brain(["ask", path, "where is my parcel", "--json"])
  expect([json.code, JSON.parse(json.out).problems.length > 0]).toEqual([1, true])
  return err.replaceAll(path, "DESK")
}

test("weights that were cut short, or altered in one byte, are named with both digests", async () => {
  const short = copy()
  truncateSync(join(short, "weights.safetensors"), 1000)
  expect(await told(short)).toMatch(
    /^error\[OB153\]: DESK: the part weights\.safetensors was altered: sha256:\w{64} was expected, and sha256:\w{64} \(1000 bytes\) found\.\nhint: Restore it from a copy, or teach it again: brain teach FILE --into FOLDER\.$/,
  )
  const other = copy()
  const bytes = readFileSync(join(other, "weights.safetensors"))
  bytes[1500]! ^= 1
  writeFileSync(join(other, "weights.safetensors"), bytes)
  expect(await told(other)).toContain(`(${bytes.length} bytes) found.`)
  for (const command of ["show", "test", "rebuild"]) expect((await brain([command, other])).code).toBe(1)
})

test("weights that were cut short by whoever sealed them", async () => {
  const path = copy()
  await reseal(path, (parts) => {
    parts["weights.safetensors"] = parts["weights.safetensors"]!.subarray(0, 1000)
  })
  expect(await told(path)).toContain("error[OB130]: weights.safetensors:")
})

test("labels that do not fit the graph", async () => {
  for (const labels of [["parcel"], ["a", "b", "c"]]) {
    const path = copy()
    await reseal(path, () => undefined, labels)
    expect(await told(path)).toMatch(/^error\[OB230\]: .*its graph gives logits i16\[1,2\] for [13] labels\.\n/)
  }
})

test("weights that are absent, or of another shape or dtype", async () => {
  for (const [change, seen] of [
    [{ table: undefined }, "weight `table` is absent"],
    [{ table: { dtype: "i8", shape: [8], data: new Int8Array(8) } }, "weight `table` is Int8Array[8]"],
    [{ bias: { dtype: "f32", shape: [2], data: new Float32Array(2) } }, "weight `bias` is Float32Array[2]"],
  ] as const) {
    const path = copy()
    await reseal(path, (parts, files) => {
      const all = { ...contentsOf(files).weights, ...change }
      const rest = Object.fromEntries(Object.entries(all).flatMap(([name, tensor]) => (tensor ? [[name, tensor]] : [])))
      parts["weights.safetensors"] = writeSafetensors(rest)
    })
    expect(await told(path)).toContain(seen)
  }
})

test("a part that is no JSON, a recipe without a member, a module without weights", async () => {
  const path = copy()
  await reseal(path, (parts) => {
    parts["graph.json"] = encode("{")
  })
  expect(await told(path)).toMatch(/^error\[OB511\]: graph\.json is no JSON: /)
  const bare = copy()
  await reseal(bare, (parts) => {
    delete parts["weights.safetensors"]
  })
  expect(await told(bare)).toContain("has no part `weights.safetensors`.")
  const recipe = copy()
  await reseal(recipe, (parts) => {
    parts["recipe.json"] = encode('{"bytesMax":1024}')
  })
  const { err } = await brain(["rebuild", recipe])
  expect(err).toBe(
    "error[OB404]: The recipe's `buckets` is absent.\nhint: Give it a whole number from 1 to 65536, such as 4096.",
  )
})

const graphOf = async (): Promise<Json> => JSON.parse(readFileSync(join(folder, "desk", "graph.json"), "utf8")) as Json
const placeOf = (graph: Json, operation: string): number =>
  (graph as { nodes: { operation: string }[] }).nodes.findIndex((node) => node.operation === operation)

test("a graph with fitting digests and hostile content is refused", async () => {
  const graph = await graphOf()
  const weight = `nodes.${placeOf(graph, "weight")}`
  const matmul = `nodes.${placeOf(graph, "matmul")}`
  const cases: readonly (readonly [path: string, value: Json | undefined, message: RegExp])[] = [
    ["outputs.logits", undefined, /OB230.*its graph gives no logits for 2 labels/],
    ["outputs.label", 1e9, /OB220.*1000000000 is no earlier node/],
    ["outputs.label", -1, /OB220.*-1 is no earlier node/],
    [`${matmul}.inputs.0`, 999, /OB220.*999 is no earlier node/],
    [`${matmul}.inputs`, [], /OB220.*matmul takes 2 inputs, not 0/],
    [`${matmul}.operation`, "toString", /OB220.*"toString" is no operation/],
    [`${matmul}.attributes.evil`, 1, /OB220.*matmul has no attribute "evil"/],
    [`${weight}.attributes.shape`, [2 ** 28, 2 ** 28], /OB/],
    [`${weight}.attributes.shape`, [2 ** 40, 1], /OB220.*1099511627776 is not in 1 … 268435456/],
    [`${weight}.attributes.shape`, [0, 1], /OB220.*0 is not in/],
    [`${weight}.attributes.shape`, Array.from({ length: 5000 }, () => 1), /OB/],
    [`${weight}.attributes.shape`, Array.from({ length: 5000 }, () => 2), /OB/],
    [`${weight}.attributes.name`, "logits", /OB/],
    [`${weight}.attributes.name`, "__proto__", /OB220/],
    [`${weight}.attributes.dtype`, "f64", /OB220.*"f64" is no dtype of a module/],
    ["operations", 99, /OB221.*operation set 99/],
    ["programs", [], /OB220/],
    ["programs.0.buffers.0.length", 1, /OB/],
    ["programs.0.body", [], /OB/],
    ["programs.0.buffers.1.length", 2 ** 40, /OB/],
    ["nodes", null, /OB220.*null is no list/],
    ["nodes", [], /OB220/],
  ]
  for (const [place, value, message] of cases) {
    const path = copy()
    await reseal(path, (parts) => {
      parts["graph.json"] = encode(canonicalJson(withMember(graph, place, value)))
    })
    if (place === "programs.0.body")
      expect((await brain(["ask", path, "hi"])).code).toBe(0) // no n-grams: legal
    else expect(await told(path), place).toMatch(message)
  }
})

test("an index out of range in a program is refused before it runs", async () => {
  const path = copy()
  await reseal(path, (parts) => {
    const text = new TextDecoder().decode(parts["graph.json"])
    const store = /"index":\{[^{}]*\}/
    expect(text).toMatch(store)
    parts["graph.json"] = encode(text.replace(store, '"index":{"kind":"constant","scalar":"i32","value":16777216}'))
  })
  expect(await told(path)).toMatch(/error\[OB210\]: .*may be 16777216\./)
})

test.each(["wasm", "interpreter"] as const)(
  "a kernel with a trick in it is refused, or changes no answer (%s)",
  async (engine) => {
    const files = await readModule(join(folder, "desk"))
    const graph = (await graphOf()) as { programs: Record<string, Json>[] }
    const [kernel] = graph.programs
    const text = "where is my parcel"
    const answer = open(files, engine).ask(text)
    for (const [name, { buffers, body, entries, code }] of Object.entries(TRICKS)) {
      const tricked = {
        ...{ ...kernel, buffers: [...(kernel!["buffers"] as Json[]), ...buffers.map(asScratch)] },
        ...{ body: [...body, ...(kernel!["body"] as Json[])], ...(entries && { entries }) },
      }
      const parts = { ...files.parts, "graph.json": encode(JSON.stringify({ ...graph, programs: [tricked] })) }
      const ask = (): unknown => open({ ...files, parts }, engine).ask(text)
      if (code) expect(ask, name).toThrow(`error[${code}]`)
      else expect(ask(), name).toEqual(answer)
    }
  },
)
/** A kernel of a graph has no state. */
const asScratch = (buffer: Json): Json => {
  const members = buffer as Readonly<Record<string, Json>>
  return members["access"] === "state" ? { ...members, access: "scratch" } : buffer
}

const SEED = 20261123
test(`a graph altered at random is refused or answers, and never anything else (seed ${SEED})`, async () => {
  const graph = await graphOf()
  const files = await readModule(join(folder, "desk"))
  const places: string[] = []
  const walk = (json: Json, path: string): void => {
    if (path !== "") places.push(path)
    if (typeof json === "object" && json !== null)
      for (const [name, member] of Object.entries(json)) walk(member as Json, path === "" ? name : `${path}.${name}`)
  }
  walk(graph, "")
  const values: readonly (Json | undefined)[] = [
    undefined,
    null,
    0,
    1,
    -1,
    7,
    31,
    1024,
    2 ** 28,
    2 ** 53,
    0.5,
    "",
    "i8",
    "f32",
    "add",
    [],
    {},
    true,
  ]
  const random = stream(SEED, "shuffle", 0)
  let refused = 0
  const count = 300
  for (let i = 0; i < count; i++) {
    // Half of them in the nodes: most places lie in the program.
    const near = places.filter((place) => i % 2 === 0 || !place.startsWith("programs"))
    const place = near[(random.word(2 * i) >>> 0) % near.length]!
    const value = values[(random.word(2 * i + 1) >>> 0) % values.length]
    const parts = { ...files.parts, "graph.json": encode(JSON.stringify(withMember(graph, place, value))) }
    try {
      open({ ...files, parts }).ask("where is my parcel")
    } catch (error) {
      if (!(error instanceof Refusal)) throw new Error(`${place} = ${JSON.stringify(value)}`, { cause: error })
      refused++
    }
  }
  expect(refused).toBeGreaterThan(count / 2)
})

test("a module that is not there: the nearest beside it", async () => {
  expect(await told(join(folder, "deks"))).toBe(
    "error[OB150]: There is no DESK.\nhint: Did you mean `desk`? Known: desk.",
  )
  expect(await told(join(folder, "desk", "module.brain"))).toContain(
    `hint: Name the folder of a module: ${join(folder, "desk")}.`,
  )
})

test("a base without a table is refused before training", async () => {
  const path = copy()
  await reseal(path, (parts, files) => {
    const { table_scale: _, ...rest } = contentsOf(files).weights
    parts["weights.safetensors"] = writeSafetensors(rest)
  })
  await expect(load(path)).resolves.toBeDefined()
  const words = ["teach", join(folder, "desk"), "--into", join(temporary(), "x"), "--base", path]
  const { code, err, progress } = await brain(words)
  expect([code, err.replaceAll(path, "DESK"), progress]).toEqual([
    1,
    "error[OB405]: DESK has no table to learn on from.\nhint: Choose another base, or teach from scratch with --base none.",
    [],
  ])
})
