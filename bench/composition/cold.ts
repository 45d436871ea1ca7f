/**
 * A child of the bench: in a process of its own, what one way takes to read one large brain the first time. Arguments: the way, and the folder of the
 * files. Prints JSON.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { checkBrain } from "open-brains"
import { largeSchema } from "./schema.ts"

const [way, folder] = process.argv.slice(2) as [string, string]
const json = readFileSync(join(folder, "large.json"), "utf8")
const timed = async (work: () => unknown): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}
const ways: Readonly<Record<string, () => Promise<() => unknown>>> = {
  ours: async () => async () => await checkBrain(join(folder, "main.brain")),
  yaml: async () => {
    const { parse } = await import("yaml")
    const validate = await largeSchema()
    const text = readFileSync(join(folder, "large.yaml"), "utf8")
    return () => validate(parse(text, { maxAliasCount: -1 }))
  },
  "js-yaml": async () => {
    const { load } = await import("js-yaml")
    const validate = await largeSchema()
    const text = readFileSync(join(folder, "large.yaml"), "utf8")
    return () => validate(load(text))
  },
}
const work = await ways[way]!()
const jsonMs = await timed(() => JSON.parse(json))
const ms = await timed(work)
console.log(JSON.stringify({ jsonMs, ms, megabytes: process.resourceUsage().maxRSS / 1000 }))
