/** TF-IDF and logistic regression of Debian's scikit-learn, as a child process on one thread. */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Example } from "@open-brains/core/train/examples.ts"
import { say } from "../shared/report.ts"
import type { Answered } from "./scores.ts"

const PYTHON = "/usr/bin/python3"
export const missingScikitLearn = (): string | undefined =>
  existsSync("/usr/lib/python3/dist-packages/sklearn/__init__.py")
    ? undefined
    : "python3-sklearn is not installed: its rows stay empty"

/** Runs of words up to `words` (0: none) and of characters within words, and the inverse of the penalty. */
interface Setting {
  readonly words: number
  readonly characters: readonly [number, number] | null
  readonly strength: number
}
const FEATURES = [
  { words: 2, characters: null },
  { words: 0, characters: [2, 5] },
  { words: 2, characters: [2, 5] },
] as const
const GRID: readonly Setting[] = FEATURES.flatMap((each) => [1, 10, 100].map((strength) => ({ ...each, strength })))

export interface Logistic {
  readonly setting: string
  readonly answers: readonly Answered[]
  readonly seconds: number
  readonly bytes: number
  readonly microseconds: number
}

interface Reply extends Omit<Logistic, "setting" | "answers"> {
  readonly setting: Setting
  readonly labels: readonly string[]
  readonly probabilities: readonly (readonly number[])[]
}

/** Chooses on `validation`, learns from `final`, answers `asked`. */
export function measureLogistic(
  train: readonly Example[],
  validation: readonly Example[],
  final: readonly Example[],
  asked: readonly Example[],
  isQuick: boolean,
): Logistic {
  const pairs = (examples: readonly Example[]) => examples.map(({ text, label }) => [text, label])
  const grid = isQuick ? [GRID[1]!] : GRID
  const job = { grid, train: pairs(train), validation: pairs(validation), final: pairs(final) }
  const { status, stdout, stderr, error } = spawnSync(PYTHON, [join(import.meta.dirname, "logistic.py")], {
    input: JSON.stringify({ ...job, asked: asked.map(({ text }) => text) }),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
  })
  if (error) throw error
  if (status !== 0) throw new Error(`logistic.py ended with ${status}: ${stderr.slice(-500)}`)
  say(stderr.trimEnd())
  const { setting, labels, probabilities, ...rest } = JSON.parse(stdout) as Reply
  const answers = probabilities.map((row, i): Answered => {
    const best = row.indexOf(Math.max(...row))
    return { guess: labels[best]!, probabilityOfRight: row[labels.indexOf(asked[i]!.label!)] ?? 0 }
  })
  const { words, characters, strength } = setting
  const named = [
    ...(words > 0 ? [`runs of 1 to ${words} words`] : []),
    ...(characters ? [`${characters.join(" to ")} characters`] : []),
  ]
  return { ...rest, answers, setting: `${named.join(" and ")}, C ${strength}` }
}
