import { readFile, stat } from "node:fs/promises"
import { extname } from "node:path"
import { type Problem, refuse } from "@open-brains/core/base/problem.ts"
import type { BenchmarkDeclaration } from "@open-brains/core/composition/parts.ts"
import type { Port } from "@open-brains/core/composition/types.ts"
import { isNothing, type Value } from "@open-brains/core/run/part.ts"
import { checkValue } from "@open-brains/core/run/values.ts"
import { BYTES_MAX, COLUMNS, decoded, jsonLines, separated } from "../data/read.ts"
import { at, type Row } from "../data/rows.ts"

/** One question of a benchmark: a value for each of its inputs, in their order, and what is to be answered. */
export interface Item {
  readonly inputs: readonly Value[]
  /** A label or a text; of labels nothing where none fits. */
  readonly expected: string | undefined
}

const ITEMS_MAX = 2 ** 20
const EXPECTED = ["expected", "label"]
const PROBLEMS_SHOWN = 5

/** The rows of a benchmark's file as items, in the order of the file. Errors: OB753, OB501, OB503, OB504, OB506, OB507. */
export async function itemsOfFile(path: string, benchmark: BenchmarkDeclaration): Promise<readonly Item[]> {
  const size = (await stat(path).catch(() => undefined))?.size
  if (size === undefined) unfit(`There is no file ${path}, which holds the items of \`${benchmark.name}\``)
  if (size! > BYTES_MAX) unfit(`${path} has ${size} bytes, and at most ${BYTES_MAX} are read`)
  const text = decoded(path, await readFile(path))
  const isJson = [".jsonl", ".ndjson", ".json"].includes(extname(path).toLowerCase())
  const rows = isJson ? jsonLines(path, text) : rowsUnderHeading(path, text)
  if (rows.length === 0) unfit(`${path} holds no items`)
  if (rows.length > ITEMS_MAX) unfit(`${path} holds ${rows.length} items, and at most ${ITEMS_MAX} are taken`)
  const problems: Problem[] = []
  const items = rows.flatMap((row): readonly Item[] => {
    const found = itemOf(row, benchmark, !isJson)
    if (typeof found !== "string") return [found]
    problems.push(problem(`${at(path, row.line)}: ${found}`))
    return []
  })
  if (problems.length > 0) refuse(...problems.slice(0, PROBLEMS_SHOWN))
  return items
}

/** The first row names the columns. */
function rowsUnderHeading(path: string, text: string): readonly Row[] {
  const [heading, ...rows] = separated(path, text, COLUMNS, undefined, false)
  const names = Object.entries(heading?.values ?? {}).map(([place, name]) => [place, `${name}`.trim()] as const)
  return rows.map((row) => ({
    ...row,
    values: Object.fromEntries(names.map(([place, name]) => [name, row.values[place]])),
  }))
}

function itemOf({ values }: Row, { takes, gives }: BenchmarkDeclaration, isText: boolean): Item | string {
  const inputs: Value[] = []
  for (const port of takes) {
    const names = takes.length === 1 ? [port.name, "text"] : [port.name]
    const name = names.find((each) => Object.hasOwn(values, each))
    if (name === undefined) return `it has no column ${names.map((each) => `\`${each}\``).join(" or ")}`
    const found = checkValue(read(values[name], port, isText), port.type)
    if (isNothing(found)) return `its \`${name}\` is ${found.nothing}`
    inputs.push(found)
  }
  const [answer] = gives
  const names = [...EXPECTED, answer!.name].filter((each) => !takes.some(({ name }) => name === each))
  const name = names.find((each) => Object.hasOwn(values, each))
  if (name === undefined) return `it has no column ${names.map((each) => `\`${each}\``).join(" or ")}`
  const expected = expectedOf(read(values[name], answer!, isText), answer!)
  return "wrong" in expected ? `its \`${name}\` is ${expected.wrong}` : { inputs, expected: expected.expected }
}

/** What a cell holds, as the type of a port has it; JSON has types of its own. */
function read(cell: unknown, { type }: Port, isText: boolean): unknown {
  if (type.type === "label") return cell === undefined || cell === "" || cell === "unsure" ? null : cell
  return isText && type.type === "number" && `${cell}`.trim() !== "" ? Number(cell) : cell
}

/** What is expected, when it is what the benchmark says it scores. */
export function expectedOf(
  plain: unknown,
  port: Port,
): { readonly expected: string | undefined } | { readonly wrong: string } {
  const found = checkValue(plain, port.type)
  if (isNothing(found)) return { wrong: found.nothing }
  if (typeof found === "string") return { expected: found }
  return { expected: (found as { readonly label: string | undefined }).label }
}

const problem = (seen: string): Problem => ({
  code: "OB753",
  seen: `${seen}.`,
  hint: "Give each row a column for each input, by its name, and one `label` or `expected`, of the types that the benchmark names.",
})
const unfit = (seen: string): never => refuse(problem(seen))
