import { DTYPE } from "@open-brains/core/base/dtype.ts"
import { emitLibrary } from "@open-brains/core/emit/c99/library.ts"
import { emitWasm } from "@open-brains/core/emit/wasm/emit.ts"
import { hasRelaxed } from "@open-brains/core/engine/wasm.ts"
import { printGraph } from "@open-brains/core/graph/print.ts"
import type { Outputs } from "@open-brains/core/graph/text.ts"
import { type Between, countOf } from "@open-brains/core/ir/count.ts"
import { printProgram } from "@open-brains/core/ir/print.ts"
import { ACCESSES, type Program } from "@open-brains/core/ir/program.ts"
import { pad, widest } from "./layout.ts"
import { laneWidth } from "./native/compiler.ts"
import type { Stage } from "./stage.ts"

/** One stage as text to read: what runs here, printed from what runs it. `program` is the graph, lowered. */
export function printStage(stage: Stage, graph: Outputs, program: Program): Promise<string> | string {
  switch (stage) {
    case "graph":
      return printGraph(graph)
    case "ir":
      return printProgram(program)
    case "plan":
      return printPlan(program)
    case "wasm":
      return printWasm(program)
    case "c":
      return emitLibrary(program, emitWasm(program).starts, { width: laneWidth() })
    default:
      return stage satisfies never
  }
}

/** Where each buffer lies, what each entry does at least and at most, and what the program keeps. */
function printPlan(program: Program): string {
  const { starts, pages } = emitWasm(program)
  const rows = program.buffers.map(({ name, dtype, length, access }) => [
    `${starts.get(name)}`,
    `${length * DTYPE[dtype].bytes}`,
    access,
    `${dtype}[${length}]`,
    name,
  ])
  const entries = [undefined, ...Object.keys(program.entries ?? {})]
  const counts = entries.map((entry) => {
    const { total, bytesLoaded, bytesStored } = countOf(program, entry)
    return [entry ?? "run", between(total), between(bytesLoaded), between(bytesStored)]
  })
  const { bytes } = countOf(program)
  const kept = ACCESSES.filter((access) => bytes[access] > 0).map((access) => `${bytes[access]} of ${access}`)
  return [
    ...table([["byte", "bytes", "access", "type", "buffer"], ...rows]),
    "",
    ...table([["entry", "operations", "bytes read", "bytes written"], ...counts]),
    "",
    `${program.buffers.length} buffers, bytes: ${kept.join(", ")}; ${pages} pages of 65536 in WebAssembly`,
    "",
  ].join("\n")
}
const between = ({ least, most }: Between): string => (least === most ? `${most}` : `${least} … ${most}`)
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => widest(rows.map((row) => row[column]!)))
  return rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column]!))
      .join("  ")
      .trimEnd(),
  )
}

/** The text format of WebAssembly, as the engine here is given it. */
async function printWasm(program: Program): Promise<string> {
  const { default: open } = await import("wabt")
  const features = { simd: true, relaxed_simd: true, threads: true, multi_value: true, mutable_globals: true }
  const bytes = emitWasm(program, { relaxed: hasRelaxed() }).bytes.slice() // wabt reads all of the buffer that it lies in
  const module = (await open()).readWasm(bytes, features)
  try {
    return module.toText({ foldExprs: true, inlineExport: false })
  } finally {
    module.destroy()
  }
}
