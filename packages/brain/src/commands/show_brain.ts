import { describe, type Port } from "@open-brains/core/composition/types.ts"
import { openBenchmark } from "../benchmarks/benchmark.ts"
import { checkBrain } from "../brains/compose.ts"
import { brainFileAt } from "../brains/sources.ts"
import { counted, wrap } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"

/** `brain show` of what is written in the language of brains: a brain with what it lives by, or a benchmark. */
export async function showDefinition(
  path: string,
  { json = false }: { readonly json?: boolean },
  { print, paint }: Services,
): Promise<ExitCode> {
  const found = brainFileAt(path) === undefined ? await benchmark(path) : await brain(path)
  if (json) {
    print(JSON.stringify({ path, ...found.facts }))
    return 0
  }
  const { name, about } = found.facts
  print(`${paint("bold", name)}  ${wrap(about, name.length + 2)}`)
  for (const [what, value] of found.rows) print(`  ${paint("dim", what.padEnd(9))} ${wrap(value, 12)}`)
  return 0
}
type Rows = readonly (readonly [what: string, value: string])[]
interface Shown {
  readonly facts: Readonly<Record<string, unknown>> & { readonly name: string; readonly about: string }
  readonly rows: Rows
}
const ports = (what: string, list: readonly Port[]): Rows =>
  list.map(({ name, type }) => [what, `${name}: ${describe(type)}`])

async function brain(path: string): Promise<Shown> {
  const { brains, modules } = await checkBrain(path)
  const { name, about, licence, takes, gives, uses, benchmarks } = brains.at(-1)!
  const used = uses.map(({ name: use, of }): readonly [string, string] => [
    "uses",
    `${use}: ${"absent" in of ? `absent, ${of.absent}` : "module" in of ? `${modules[of.module]!.kind} ${modules[of.module]!.name}` : `brain ${brains[of.brain]!.name}`}`,
  ])
  return {
    facts: { kind: "brain", name, about, licence, takes, gives, uses: uses.map((use) => use.name), benchmarks },
    rows: [
      ...ports("takes", takes),
      ...ports("gives", gives),
      ...used,
      ...benchmarks.map((each): readonly [string, string] => ["benchmark", each]),
      ["licence", licence],
    ],
  }
}

async function benchmark(path: string): Promise<Shown> {
  const { manifest, itemCount, close } = await openBenchmark(path)
  await close()
  const { takes, gives, items, metric, bound, costMs, licence } = manifest
  const many =
    itemCount === undefined
      ? `as many as anybody wants, by ${items.file}`
      : `${counted(itemCount, "item")} in ${items.file}`
  return {
    facts: { ...manifest, ...(itemCount === undefined ? {} : { itemCount }) },
    rows: [
      ...ports("asks", takes),
      ...ports("expects", gives),
      ["items", many],
      [
        "score",
        `${metric}; passed with a mean of at least ${bound}${costMs === undefined ? "" : `; ${costMs} ms an item`}`,
      ],
      ["licence", licence],
    ],
  }
}
