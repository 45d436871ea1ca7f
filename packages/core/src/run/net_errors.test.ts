import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { DTYPE } from "../base/dtype.ts"
import type { Json } from "../base/json.ts"
import { Refusal } from "../base/problem.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { type EntryGraph, netFromJson, netToJson } from "../graph/dims_text.ts"
import type { Node } from "../graph/graph.ts"
import * as operations from "../graph/operations.ts"
import type { Arrays } from "./history.ts"
import { type OpenNet, openNet } from "./net.ts"
import { PREDICTOR, predictorWeights } from "./testing/predictor.ts"

const ERRORS = join(import.meta.dirname, "../../../../docs/errors")
const PAGES = ["OB330", "OB331", "OB332", "OB333", "OB334", "OB335", "OB336"]

type Step = Readonly<Record<string, Json>>
function perform(net: OpenNet, step: Step): void {
  if ("call" in step) {
    const { T } = (step["dims"] ?? { T: 1 }) as { readonly T: number }
    const given = step["inputs"] as Readonly<Record<string, readonly number[]>> | undefined
    const inputs = Object.entries(given ?? {}).map(([name, values]) => [name, new DTYPE.u8.array(values)] as const)
    const learning: Arrays = { bytes: new Uint8Array(T + 1), rate: new Float32Array(1) }
    net.call(
      step["call"] as string,
      step["call"] === "learn" ? learning : Object.fromEntries(inputs),
      step["dims"] as never,
    )
  } else if ("restore" in step) {
    const { altered } = step["restore"] as { readonly altered?: number }
    const snapshot = net.snapshot()
    net.restore(altered === undefined ? snapshot : snapshot.with(altered, snapshot.at(altered)! ^ 1))
  } else if ("replay" in step) {
    const { snapshot, log } = net.history()
    if ((step["replay"] as Step)["after"] === "restore") net.restore(snapshot)
    net.replay(log)
  } else net.undo(step["undo"] as number)
}

/** An example of a page: what a builder makes, a graph.json, or calls of the predictor. */
function run(language: string, source: string): void {
  if (language === "js") {
    const built = new Function(...Object.keys(operations), `return ${source}`)(...Object.values(operations)) as (
      T: number,
    ) => Node
    const entries = (T: number): Readonly<Record<string, EntryGraph>> => ({ run: { outputs: { y: built(T) } } })
    netToJson({ maxima: { T: 64 }, state: {}, at: ({ T }) => entries(T!) })
    return
  }
  const json = JSON.parse(source) as Json
  if (!Array.isArray(json)) openNet(netFromJson(json), {}, wasmEngine)
  else {
    const net = openNet(PREDICTOR, predictorWeights(1), wasmEngine)
    for (const step of json) perform(net, step as Step)
  }
}
function codesOf(language: string, source: string): readonly string[] {
  try {
    run(language, source)
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}

test.each(PAGES)("docs/errors/%s.md: the broken example gives this code alone, the mended one none", (code) => {
  const text = readFileSync(join(ERRORS, `${code}.md`), "utf8")
  const blocks = [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
  expect(blocks.map(([, language, source]) => codesOf(language!, source!))).toEqual([[code], []])
  expect(text.startsWith(`# ${code}: `)).toBe(true)
})
