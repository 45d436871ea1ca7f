import { canonicalJson, type Json } from "../base/json.ts"
import type { CheckedBrain, CheckedModule, CheckedUse, Composition, Limit, Rule } from "./composition.ts"
import { isDefinition, printer } from "./print.ts"
import { describe, type Port } from "./types.ts"

/** What is not the same in two brains; `before` or `after` is missing where it is new or gone. */
export interface Difference {
  /** The uses that lead to the brain that it is in, from the one that runs. */
  readonly path: readonly string[]
  readonly what: "name" | "takes" | "gives" | "use" | "module" | "value" | "rule" | "budget" | "benchmark"
  readonly name: string
  readonly before?: string
  readonly after?: string
}

/**
 * What changed between two brains as they resolve. Comments, layout, the order of members and branches, the file that something stands in
 * and the names of parameters are not there any more, and do not count. Brains are compared use by use, each pair once.
 */
export function differences(before: Composition, after: Composition): readonly Difference[] {
  const found: Difference[] = []
  const compared = new Set<string>()
  const pairs: { readonly a: number; readonly b: number; readonly path: readonly string[] }[] = [
    { a: before.brains.length - 1, b: after.brains.length - 1, path: [] },
  ]
  for (const { a, b, path } of pairs) {
    const key = `${a} ${b}`
    if (compared.has(key)) continue
    compared.add(key)
    const [old, now] = [before.brains[a]!, after.brains[b]!]
    const tell = (what: Difference["what"], olds: Facts, news: Facts): void => {
      for (const name of new Set([...olds.keys(), ...news.keys()])) {
        const [x, y] = [olds.get(name), news.get(name)]
        if (x?.key === y?.key) continue
        found.push({ path, what, name, ...(x ? { before: x.shown } : {}), ...(y ? { after: y.shown } : {}) })
      }
    }
    if (old.name !== now.name) found.push({ path, what: "name", name: "name", before: old.name, after: now.name })
    for (const what of ["takes", "gives"] as const) tell(what, portsOf(old[what]), portsOf(now[what]))
    tell("value", valuesOf(old), valuesOf(now))
    tell("rule", rulesOf(old), rulesOf(now))
    tell("budget", budgetOf(old.budget), budgetOf(now.budget))
    tell("benchmark", benchmarksOf(old), benchmarksOf(now))
    const uses = new Map(now.uses.map((use) => [use.name, use]))
    for (const use of old.uses) {
      const other = uses.get(use.name)
      uses.delete(use.name)
      const shown = shownUse(use, before)
      if (other === undefined) found.push({ path, what: "use", name: use.name, before: shown })
      else if ("brain" in use.of && "brain" in other.of && use.shared === other.shared)
        pairs.push({ a: use.of.brain, b: other.of.brain, path: [...path, use.name] })
      else if (keyOfUse(use, before) !== keyOfUse(other, after)) {
        const areModules = "module" in use.of && "module" in other.of
        found.push({
          path,
          what: areModules && use.shared === other.shared ? "module" : "use",
          name: use.name,
          before: shown,
          after: shownUse(other, after),
        })
      }
    }
    for (const use of uses.values()) found.push({ path, what: "use", name: use.name, after: shownUse(use, after) })
  }
  return found
}

const plain = (data: object): Json => JSON.parse(JSON.stringify(data)) as Json
type Facts = ReadonlyMap<string, { readonly key: string; readonly shown: string }>
/** Parts are asked by the places of ports, so that their order counts. */
const portsOf = (ports: readonly Port[]): Facts =>
  new Map(
    ports.map(({ name, type }, i) => [
      name,
      { key: `${i} ${canonicalJson(plain(type))}`, shown: `${describe(type)} (${i + 1})` },
    ]),
  )
function valuesOf(brain: CheckedBrain): Facts {
  const words = printer(brain, { sorted: true })
  return new Map(
    brain.values.map((value) => {
      const shown = words.expression(value.node, isDefinition(words, value))
      return [value.name, { key: shown, shown }]
    }),
  )
}
const rulesOf = ({ rules, gives }: CheckedBrain): Facts =>
  new Map(
    rules.map(({ kind, text, output }: Rule) => {
      const said = `${kind} ${JSON.stringify(text)} in ${gives[output]!.name}`
      return [said, { key: said, shown: said }]
    }),
  )
const benchmarksOf = ({ benchmarks }: CheckedBrain): Facts =>
  new Map(benchmarks.map((name) => [name, { key: name, shown: name }]))
const UNITS = { latency: " ms", memory: " bytes", flash: " bytes", output: " bytes", cost: "" } as const
const budgetOf = (budget: readonly Limit[]): Facts =>
  new Map(budget.map(({ what, amount }) => [what, { key: `${amount}`, shown: `${amount}${UNITS[what]}` }]))

/** What a module is, wherever it lies: a net by its digest, the others by what was declared. */
export const identityOf = ({ kind, digest, declaration, folder }: CheckedModule): string =>
  digest ?? (declaration ? canonicalJson(plain({ ...declaration, in: undefined })) : `${kind} ${folder}`)
function keyOfUse({ of, shared = "" }: CheckedUse, { modules }: Composition): string {
  if ("absent" in of) return `absent ${shared}`
  return "brain" in of ? `brain ${shared}` : `${identityOf(modules[of.module]!)} ${shared}`
}
function shownUse({ of, shared }: CheckedUse, { modules, brains }: Composition): string {
  const state = shared === undefined ? "" : ` shared as ${shared}`
  if ("absent" in of) return `absent${state}`
  if ("brain" in of) return `brain ${brains[of.brain]!.name}${state}`
  const { kind, name, digest } = modules[of.module]!
  return `${kind} ${name}${digest ? ` ${digest.slice(0, 19)}…` : ""}${state}`
}
