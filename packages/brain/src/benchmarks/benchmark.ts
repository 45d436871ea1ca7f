import { dirname, join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { shuffled, stream } from "@open-brains/core/base/random.ts"
import { parseReference } from "@open-brains/core/commons/reference.ts"
import { benchmarkIn } from "@open-brains/core/composition/benchmark.ts"
import { parseBrains } from "@open-brains/core/composition/parse.ts"
import type { BenchmarkDeclaration, CodeDeclaration } from "@open-brains/core/composition/parts.ts"
import { FINITE, type PortType } from "@open-brains/core/composition/types.ts"
import { type Answered, isNothing, type RecordValue, type Value } from "@open-brains/core/run/part.ts"
import { isPath } from "../brains/gather.ts"
import { storeName } from "../brains/names.ts"
import { definitionsAt, readBytes, readText } from "../brains/sources.ts"
import { openCode } from "../code/open.ts"
import { artifactNamed, checkedOut, mineIfThere } from "../store/mine.ts"
import { type Item, itemsOfFile } from "./items.ts"

/** A benchmark that is ready to ask. */
export interface OpenBenchmark {
  /** What it is called where it was asked for: a path, or a name of the store. */
  readonly name: string
  /** Where its text lies. */
  readonly path: string
  readonly manifest: BenchmarkDeclaration
  /** Undefined where it is generated: there are as many as anybody wants. */
  readonly itemCount: number | undefined
  /**
   * The item at a place, from 0, in the order that the seed gives: of data a permutation, of a generator its `answer(seed, index)`.
   * Whoever asks in whatever order gets the same. Errors: OB754 when the generator gives none.
   */
  item(seed: number, index: number): Promise<Item>
  close(): Promise<void>
}
const INDEX_MAX = 2 ** 32

/**
 * Opens a benchmark: a folder whose module.brain is one, a file .brain, or a name of the store. Errors: OB750, OB751, OB753, those of reading its text,
 * and of opening code.
 */
export async function openBenchmark(path: string): Promise<OpenBenchmark> {
  const file = await fileOf(path)
  const parsed = parseBrains(readText(file), file)
  if (parsed.problems.length > 0) refuse(...parsed.problems)
  const found = benchmarkIn(parsed, path)
  if (found.kind === "absent") return refuse(found.problem)
  const { declaration } = found
  const source = join(dirname(file), declaration.items.file)
  const common = { name: path, path: file, manifest: declaration }
  if (declaration.items.from === "data") {
    const items = await itemsOfFile(source, declaration)
    let order: { readonly seed: number; readonly places: Int32Array } | undefined
    return {
      ...common,
      itemCount: items.length,
      async item(seed, index) {
        if (order?.seed !== seed) order = { seed, places: shuffled(items.length, stream(seed, "item")) }
        return items[order.places[index]!] ?? bug(`there is no item ${index}`)
      },
      close: async () => undefined,
    }
  }
  return { ...common, itemCount: undefined, ...(await openGenerator(declaration, source)) }
}

/** Where the text of a benchmark lies. Errors: OB751, OB700. */
async function fileOf(path: string): Promise<string> {
  const file = definitionsAt(path)
  if (file !== undefined) return file
  const absent = (seen: string, hint: string): never => refuse({ code: "OB751", seen, hint })
  if (isPath(path) || storeName(path) === undefined)
    return absent(
      `There is no benchmark at ${path}.`,
      "Name a folder whose module.brain begins with `benchmark`, a file .brain, or a name of the store: acme/parcel-questions",
    )
  const layout = await mineIfThere()
  const artifact = layout && (await artifactNamed(layout, parseReference(path)))
  if (artifact === undefined)
    return absent(`There is no \`${path}\` in your store.`, `Take it from where it is: brain add ${path}`)
  return (
    definitionsAt(await checkedOut(artifact, layout)) ?? absent(`\`${path}\` is no benchmark.`, "Name another one.")
  )
}

async function openGenerator(
  { name, about, licence, takes, gives, items, benchmarks }: BenchmarkDeclaration,
  source: string,
): Promise<Pick<OpenBenchmark, "item" | "close">> {
  if (items.from !== "generator") return bug("data generate nothing")
  const alone = takes.length === 1
  const input: PortType = alone ? takes[0]!.type : { type: "record", fields: takes }
  const whole: PortType = { type: "number", least: 0, most: FINITE.most }
  const declaration: CodeDeclaration = {
    ...{ kind: "code", name, about, licence, benchmarks, file: items.file, language: items.language },
    limits: items.limits,
    takes: [
      { name: "seed", type: whole },
      { name: "index", type: whole },
    ],
    gives: [
      { name: "input", type: input },
      { name: "expected", type: gives[0]!.type },
    ],
  }
  const code = await openCode(declaration, readBytes(source), { isMeasured: true })
  // A fresh state for each batch, from its first item on: whatever the code keeps, an item is the same in whatever order.
  let batch: { readonly seed: number; readonly from: number; readonly answered: readonly Answered[] } | undefined
  async function batchOf(seed: number, from: number): Promise<NonNullable<typeof batch>> {
    const answered: Answered[] = []
    for (let index = from; index < from + BATCH; index++) answered.push(await code.ask([seed, index], undefined))
    code.reset?.()
    return { seed, from, answered }
  }
  return {
    async item(seed, index) {
      if (index > INDEX_MAX) bug(`item ${index}`)
      const from = index - (index % BATCH)
      if (batch?.seed !== seed || batch.from !== from) batch = await batchOf(seed, from)
      const answered = batch.answered[index - from]!
      if (isNothing(answered))
        return refuse({
          code: "OB754",
          seen: `${items.file} gives no item ${index} of seed ${seed}: ${answered.nothing}.`,
          hint: "Let answer(seed, index) give { input, expected } for every whole number, of the types that the benchmark names.",
        })
      const [asked, expected] = answered as readonly Value[]
      return {
        inputs: alone ? [asked!] : takes.map(({ name }) => (asked as RecordValue).fields[name]!),
        expected: typeof expected === "string" ? expected : (expected as { readonly label: string | undefined }).label,
      }
    },
    close: async () => void (await code.close?.()),
  }
}
const BATCH = 64

const bug = (what: string): never => {
  throw new Error(`bug: ${what}`)
}
