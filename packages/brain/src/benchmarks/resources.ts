import { join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { programOf } from "@open-brains/core/compile.ts"
import { countOf } from "@open-brains/core/ir/count.ts"
import { contentsOf, type ModuleParts } from "@open-brains/core/run/module.ts"
import { checkBrain } from "../brains/compose.ts"
import { brainFileAt, readBytes } from "../brains/sources.ts"
import { readModule } from "../store/folder.ts"
import { GRAPH, WEIGHTS } from "../streams/module.ts"
import type { Subject } from "./subject.ts"

/** What something takes, counted exactly by this version, on no machine: of a brain the sums over its nets and its code, each once. */
export interface Resources {
  /** Of graphs, weights and code. */
  readonly bytes: number
  readonly operations: number // of one answer, at most, by each net once
  readonly memoryBytes: number
}
export const RESOURCES = ["bytes", "operations", "memoryBytes"] as const
const CALLED = { bytes: "bytes of weights", operations: "operations", memoryBytes: "bytes of memory" } as const
/** So much less of one of them is a gain. */
export const GAIN = 0.05

export async function resourcesOf(path: string): Promise<Resources> {
  if (brainFileAt(path) === undefined) return resourcesOfNet(path)
  const { modules } = await checkBrain(path)
  const found: Resources[] = []
  for (const { kind, folder, declaration, isStepped } of modules) {
    if (kind === "net" && !isStepped) found.push(await resourcesOfNet(folder!))
    else if (kind === "net") found.push(filesOnly(folder!, [GRAPH, WEIGHTS]))
    else if (declaration?.kind === "code") found.push(filesOnly(folder!, [declaration.file]))
  }
  const sum = (what: keyof Resources): number => found.reduce((total, each) => total + each[what], 0)
  return { bytes: sum("bytes"), operations: sum("operations"), memoryBytes: sum("memoryBytes") }
}
async function resourcesOfNet(folder: string): Promise<Resources> {
  const files = await readModule(folder)
  const bytes = [GRAPH, WEIGHTS].reduce((total, name) => total + (files.parts[name]?.length ?? 0), 0)
  return { bytes, ...costsOfNet(files) }
}
/**
 * What one answer takes as this version lowers the net: operations as `countOf` has them, and bytes of all buffers. Another version may
 * count otherwise, so that two nets are compared by counts of one and the same, and no card says them.
 */
function costsOfNet(module: ModuleParts): Pick<Resources, "operations" | "memoryBytes"> {
  const { graph } = contentsOf(module)
  const { total, bytes } = countOf(programOf({ name: "predict", outputs: graph, prepares: true }))
  return { operations: total.most, memoryBytes: Object.values(bytes).reduce((sum, each) => sum + each, 0) }
}
const filesOnly = (folder: string, names: readonly string[]): Resources => ({
  bytes: names.reduce((total, name) => total + readBytes(join(folder, name)).length, 0),
  operations: 0,
  memoryBytes: 0,
})

export interface Saved {
  readonly what: keyof Resources
  readonly candidate: number
  readonly incumbent: number
}
/**
 * What the candidate takes beside the incumbent. Errors: OB756 unless it takes 5 % less of one thing, and no more of the others.
 */
export async function refuseNotSimpler(candidate: Subject, incumbent: Subject): Promise<readonly Saved[]> {
  const [mine, theirs] = [await resourcesOf(candidate.path), await resourcesOf(incumbent.path)]
  const saved = RESOURCES.map((what): Saved => ({ what, candidate: mine[what], incumbent: theirs[what] }))
  const told = saved.map(({ what, candidate, incumbent }) => `${candidate} ${CALLED[what]}, not ${incumbent}`)
  const more = saved.filter((each) => each.candidate > each.incumbent)
  // 20 · (old − new) ≥ old, in integers: 5 % to the last byte.
  const less = saved.some(
    (each) => (each.incumbent - each.candidate) * (1 / GAIN) >= each.incumbent && each.incumbent > 0,
  )
  if (more.length > 0 || !less)
    refuse({
      code: "OB756",
      seen: `${candidate.name} is not simpler than ${incumbent.name}: it takes ${told.join("; ")}.`,
      hint: "Simpler is 5 % less of one of these and no more of the others. Or leave out --simpler, and let it be better.",
    })
  return saved
}
