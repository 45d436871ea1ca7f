/** A random graph on an engine, lowered in one of many ways, against the judge. */
import type { Numbers } from "../../base/dtype.ts"
import { TILES, TILES_TO_TRY, type Tile, type Tiles } from "../../base/tiles.ts"
import type { Engine, Instance } from "../../engine/engine.ts"
import type { Node } from "../../graph/graph.ts"
import type { Program } from "../../ir/program.ts"
import { difference } from "../../ir/testing/difference.ts"
import { drawFrom } from "../../ir/testing/draw.ts"
import { validate } from "../../ir/validate.ts"
import { type Entry, lowerGraph } from "../lower.ts"
import { contentsOf, type Drawn } from "./graphs.ts"
import { newJudge } from "./judge.ts"

type Memory = Readonly<Record<string, Numbers>>
/** What leaves hold before a run, and what the program's outputs and changed weights are after it. */
export interface Round {
  readonly given: Memory
  readonly wanted: Memory
}

/** Two runs, one after the other: of new contents, with the weights that the first has changed. */
export function roundsOf({ seed, outputs, updates, leaves }: Drawn): readonly Round[] {
  const judge = newJudge()
  const changed = new Map<Node, Numbers>()
  return [0, 1].map((n) => {
    const own = leaves.map((leaf, i) => [leaf, changed.get(leaf) ?? contentsOf(seed + 1000 * n + i, leaf)] as const)
    const asked = [...Object.values(outputs), ...updates.map(({ value }) => value)]
    const values = judge(asked, new Map<Node, Numbers>(own))
    for (const { weight, value } of updates) changed.set(weight, values.get(value)!)
    const named = Object.entries(outputs).map(([name, node]) => [name, values.get(node)!] as const)
    const kept = updates.map(({ weight }) => [weight.attributes.name, changed.get(weight)!] as const)
    return {
      given: Object.fromEntries(own.map(([{ attributes }, numbers]) => [attributes.name, numbers])),
      wanted: Object.fromEntries([...named, ...kept]),
    }
  })
}

const TILES_BEYOND: readonly Tile[] = [
  { rows: 3, columns: 4, unroll: 1 },
  { rows: 1, columns: 128, unroll: 1, dot: "bytes" },
  { rows: 8, columns: 32, unroll: 2, dot: "bytes" },
  { rows: 5, columns: 8, unroll: 3, dot: "halves" },
]
export type Way = Required<Pick<Entry, "tiles" | "prepares" | "direct">>
/** One of the ways to lower a graph, with `more` tiles beside those of WebAssembly. */
export function wayOf(seed: number, more: readonly Tiles[] = []): Way {
  const draw = drawFrom(seed)
  const one = (kind: "float" | "integer"): Tile =>
    draw.pick([...TILES_TO_TRY[kind], ...more.map((tiles) => tiles[kind]), ...TILES_BEYOND])
  const tiles = draw.between(0, 3) === 0 ? TILES : { float: one("float"), integer: one("integer") }
  const cut = draw.between(0, 4) === 0 ? tiles : { ...tiles, least: 0 }
  return { tiles: cut, prepares: draw.flip(), direct: draw.between(0, 3) === 0 }
}

export const programOf = ({ outputs, updates }: Drawn, way: Way): Program =>
  lowerGraph({ name: "drawn", outputs, updates, ...way })

/** What differs from the judge's in words, of a program that is ready to run. */
export function mismatch({ memory, run, entries }: Instance, rounds: readonly Round[]): string | undefined {
  for (const { given, wanted } of rounds) {
    for (const [name, numbers] of Object.entries(given)) memory[name]!.set(numbers)
    entries["prepare"]?.()
    run()
    const found = difference(wanted, memory)
    if (found !== undefined) return found
  }
  return undefined
}
/** What is wrong with a graph that was lowered in one way, on each engine, with all that makes it again. */
export function faultsOf(
  graph: Drawn,
  way: Way,
  rounds: readonly Round[],
  engines: readonly Engine[],
): readonly string[] {
  const program = programOf(graph, way)
  const where = (engine: string): string => `seed ${graph.seed} ${JSON.stringify(way)}, ${engine}`
  const problems = validate(program).map(({ seen }) => `${where("refused")}: ${seen}`)
  if (problems.length > 0) return problems
  return engines.flatMap((engine) => {
    const found = mismatch(engine.instantiate(program), rounds)
    return found === undefined ? [] : [`${where(engine.name)}: ${found}`]
  })
}
