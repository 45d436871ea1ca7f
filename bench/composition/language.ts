/** What reading and checking a large brain costs, beside JSON.parse and the YAML readers with a schema, on the same content. */
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Part, PartOptions } from "../shared/part.ts"
import { median, number, say } from "../shared/report.ts"
import { LARGE_LABELS, largeBrain, textOf } from "./large.ts"
import { writeNet } from "./net.ts"

const NODES = 6250
const FILES = 12

interface Cold {
  readonly jsonMs: number
  readonly ms: number
  readonly megabytes: number
}

export async function measureLanguage({ isQuick, folder }: PartOptions): Promise<Part> {
  const large = largeBrain(isQuick ? NODES / 5 : NODES, FILES)
  const texts = large.files.map((file) => [file.path, textOf(file)] as const)
  for (const [path, text] of texts) writeFileSync(join(folder, path), text)
  writeNet(join(folder, "mood"), LARGE_LABELS)
  writeFileSync(join(folder, "large.json"), JSON.stringify(large))
  const { stringify } = await import("yaml")
  writeFileSync(join(folder, "large.yaml"), stringify(large))
  const lines = texts.reduce((sum, [, text]) => sum + text.split("\n").length, 0)
  const cache = join(folder, "cache")
  const run = (way: string): Cold => {
    const result = spawnSync(process.execPath, [join(import.meta.dirname, "cold.ts"), way, folder], {
      encoding: "utf8",
      env: { ...process.env, XDG_CACHE_HOME: cache },
    })
    if (result.status !== 0)
      throw new Error(`cold.ts ${way} ended with ${result.status}: ${result.stderr.slice(-2000)}`)
    return JSON.parse(result.stdout) as Cold
  }
  const rounds = isQuick ? 3 : 11
  const measured = (name: string, way: string, before: () => void): readonly Cold[] => {
    const found = Array.from({ length: rounds }, () => {
      before()
      return run(way)
    })
    say(`${name}: ${median(found.map(({ ms }) => ms)).toFixed(1)} ms`)
    return found
  }
  const forget = (): void => {
    rmSync(cache, { recursive: true, force: true })
    mkdirSync(cache)
  }
  const cold = measured("cold", "ours", forget)
  run("ours")
  const cached = measured("cached", "ours", () => undefined)
  const yaml = measured("yaml and ajv", "yaml", () => undefined)
  const jsYaml = measured("js-yaml and ajv", "js-yaml", () => undefined)
  const ratio = (all: readonly Cold[]): number => median(all.map(({ ms, jsonMs }) => ms / jsonMs))
  const rows = [
    ["parse, resolve and check, cold", cold],
    ["the same out of the cache", cached],
    ["yaml, then ajv", yaml],
    ["js-yaml, then ajv", jsYaml],
  ] as const
  const size = `${lines} lines, ${large.nodes} nodes`
  return {
    isSame: true,
    measures: [
      {
        name: `${size}: cold, of JSON.parse`,
        value: ratio(cold),
        unit: "x",
        digits: 1,
        bars: { is: "at most", must: 15, aim: 10 },
        peer: { name: "js-yaml and ajv", value: ratio(jsYaml) },
      },
      {
        name: "out of the cache, of JSON.parse",
        value: ratio(cached),
        unit: "x",
        digits: 1,
        bars: { is: "at most", must: 4, aim: 2 },
      },
      {
        name: "memory of the process, cold",
        value: Math.max(...cold.map(({ megabytes }) => megabytes)),
        unit: "MB",
        digits: 0,
        bars: { is: "at most", must: 250 },
      },
    ],
    sections: [
      {
        title: "A large brain",
        notes: [
          `${size}, in ${FILES} files that include each other and one that uses them all; every fifth brain is a template, used twice. The same content as JSON and as YAML; each way in a process of its own that has read nothing before, ${rounds} times, medians. Ours reads from disk and resolves names, types, routes and templates; ajv checks shapes.`,
        ],
        table: {
          heading: ["way", "ms", "JSON.parse ms", "ratio", "MB"],
          rows: rows.map(([name, all]) => [
            name,
            number(median(all.map(({ ms }) => ms)), 1),
            number(median(all.map(({ jsonMs }) => jsonMs)), 1),
            number(ratio(all), 1),
            number(Math.max(...all.map(({ megabytes }) => megabytes)), 0),
          ]),
        },
      },
    ],
  }
}
