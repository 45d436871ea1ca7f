/** Debian's fastText as a child process: the peer. Source: Joulin et al. 2017, arXiv:1607.01759. */
import { spawnSync } from "node:child_process"
import { rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Example } from "@open-brains/core/train/examples.ts"
import { findProgram } from "../../scripts/testing.ts"
import { median, timings } from "./report.ts"

export const missingFastText = (): string | undefined =>
  findProgram("fasttext") === undefined ? "fasttext is not installed: its columns stay empty" : undefined

/** `defaults` changes nothing but the number of threads. */
export type Setting = "defaults" | Tuned
export interface Tuned {
  readonly lr: number
  readonly epoch: number
  readonly wordNgrams: number
  readonly characters: readonly [min: number, max: number]
  /** Numbers a row (default: 100). */
  readonly dim?: number
}
/** Hash buckets of a tuned model: enough for all n-grams of this data, and kinder to its size and time than 2,000,000. */
export const BUCKETS = 200_000

export const describe = (setting: Setting): string =>
  setting === "defaults"
    ? "as it comes"
    : `-lr ${setting.lr} -epoch ${setting.epoch} -wordNgrams ${setting.wordNgrams} -minn ${setting.characters[0]} -maxn ${setting.characters[1]} -bucket ${BUCKETS}${setting.dim === undefined ? "" : ` -dim ${setting.dim}`}`

export const GRID: readonly Tuned[] = [0.1, 0.5, 1].flatMap((lr) =>
  [25, 50].flatMap((epoch) =>
    [1, 2].flatMap((wordNgrams) =>
      (
        [
          [0, 0],
          [3, 5],
        ] as const
      ).map((characters): Tuned => ({ lr, epoch, wordNgrams, characters })),
    ),
  ),
)

/** A model on disk. */
export interface Model {
  readonly path: string
  readonly bytes: number
  readonly seconds: number
}
export interface Prediction {
  readonly label: string
  readonly probability: number
}

/** fastText in a folder of its own, with these messages to learn from. */
export function fastTextIn(folder: string, training: readonly Example[]) {
  const file = (name: string): string => join(folder, name)
  writeFileSync(file("train.txt"), training.map(({ text, label }) => `__label__${label} ${text}\n`).join(""))
  return {
    teach(setting: Setting, seed: number): Model {
      const words = setting === "defaults" ? [] : describe(setting).split(" ")
      const start = performance.now()
      const common = ["-input", file("train.txt"), "-output", file("model"), "-thread", "1", "-seed", `${seed}`]
      run(["supervised", ...common, "-verbose", "0", ...words])
      const seconds = (performance.now() - start) / 1000
      rmSync(file("model.vec"), { force: true })
      return { path: file("model.bin"), bytes: statSync(file("model.bin")).size, seconds }
    },
    /** The model that was taught last, made small; undefined when fastText cannot. */
    quantise(words: readonly string[]): Model | undefined {
      const start = performance.now()
      const common = ["-input", file("train.txt"), "-output", file("model"), "-thread", "1", "-verbose", "0"]
      const { status } = spawnSync("fasttext", ["quantize", ...common, ...words], { stdio: "ignore" })
      const seconds = (performance.now() - start) / 1000
      return status === 0 ? { path: file("model.ftz"), bytes: statSync(file("model.ftz")).size, seconds } : undefined
    },
    predict({ path }: Model, texts: readonly string[]): readonly Prediction[] {
      writeFileSync(file("asked.txt"), texts.map((text) => `${text}\n`).join(""))
      const lines = run(["predict-prob", path, file("asked.txt"), "1"])
        .trimEnd()
        .split("\n")
      if (lines.length !== texts.length)
        throw new Error(`fasttext gave ${lines.length} lines for ${texts.length} texts`)
      return lines.map((line) => {
        const [label = "", probability = "0"] = line.replace(/^__label__/, "").split(" ")
        return { label, probability: Number(probability) }
      })
    },
    /** All labels of each text, likeliest first. */
    predictAll({ path }: Model, texts: readonly string[]): readonly (readonly Prediction[])[] {
      writeFileSync(file("asked.txt"), texts.map((text) => `${text}\n`).join(""))
      const lines = run(["predict-prob", path, file("asked.txt"), "-1"])
        .split("\n")
        .slice(0, -1)
      if (lines.length !== texts.length)
        throw new Error(`fasttext gave ${lines.length} lines for ${texts.length} texts`)
      return lines.map((line) =>
        [...line.matchAll(/__label__(\S+) (\S+)/g)].map(([, label, probability]) => ({
          label: label!,
          probability: Number(probability),
        })),
      )
    },
    /** Milliseconds of a whole process that answers these texts: it loads the model first. */
    predictMs({ path }: Model, texts: readonly string[], runs: number): number {
      writeFileSync(file("timed.txt"), texts.map((text) => `${text}\n`).join(""))
      return median(timings(runs, () => void run(["predict", path, file("timed.txt"), "1"])))
    },
  }
}
export type FastText = ReturnType<typeof fastTextIn>

function run(words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync("fasttext", words, { encoding: "utf8", maxBuffer: 2 ** 28 })
  if (error) throw error
  if (status !== 0) throw new Error(`fasttext ${words[0]} ended with ${status}: ${stderr.slice(0, 500)}`)
  return stdout
}
