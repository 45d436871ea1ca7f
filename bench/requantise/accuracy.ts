/**
 * What each candidate for `requantise` does to a classifier: ./check bench requantise/accuracy
 * Teaches CLINC150 once a seed, then answers its validation split with each formula in place of the one that was chosen,
 * and prints accuracy, bits an answer, and how many logits differ from the exact product rounded once.
 */
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { accuracy, bits } from "@open-brains/core/evaluate/classification.ts"
import { OPERATIONS, type Rules } from "@open-brains/core/graph/operations.ts"
import { requantised, SATURATION } from "@open-brains/core/graph/requantise.ts"
import { add, clamp, i32, mul, shrS } from "@open-brains/core/ir/build.ts"
import type { Expression } from "@open-brains/core/ir/program.ts"
import { type Classifier, openClassifier } from "@open-brains/core/run/classifier.ts"
import { RECIPE } from "@open-brains/core/train/recipe.ts"
import { scoreAll, teach } from "@open-brains/core/train/teach.ts"
import { published, splitsOf } from "../intent/brain.testing.ts"

type Formula = (x: Expression, m: Expression, t: number, dtype: keyof typeof SATURATION) => Expression

const saturate = (x: Expression, dtype: keyof typeof SATURATION): Expression => {
  const [low, high] = SATURATION[dtype]
  return clamp(x, low, high)
}
/** A shift that rounds half up, by at least one bit. */
const rounding = (x: Expression, by: number): Expression => shrS(add(x, i32(2 ** (by - 1))), by)

/** The letters are those of candidates.h; all take the scale m / 2^t, so that only the rounding differs. */
const FORMULAS: Readonly<Record<string, Formula>> = {
  "D: exact product, rounded once": requantised,
  "A: rounding shift, saturate, q15 multiply": (x, m, t, dtype) =>
    saturate(rounding(mul(saturate(rounding(x, t - 15), "i16"), m), 15), dtype),
  // B cannot fill int16: it answers for the pooled vector alone, and the logits keep D.
  "B: byte shift, multiply, keep the high half": (x, m, t, dtype) => {
    if (dtype === "i16") return requantised(x, m, t, dtype)
    const bytes = 8 * Math.floor((t - 16) / 8)
    const factor = shrS(m, t - 16 - bytes)
    return saturate(shrS(mul(saturate(shrS(x, bytes), "i16"), factor), 16), dtype)
  },
}

function withFormula(formula: Formula, open: () => Classifier): Classifier {
  const rules = OPERATIONS.requantise as { reference: Rules<"requantise">["reference"] }
  const chosen = rules.reference
  rules.reference = { kind: "element", value: ([x, m], { shift, dtype }) => formula(x!, m!, shift, dtype) }
  try {
    return open()
  } finally {
    rules.reference = chosen
  }
}

const { train, validation } = splitsOf(await published("clinc150"))
const rows: Record<string, { accuracy: number[]; bits: number[]; differ: number[] }> = {}
for (const seed of [1, 2, 3, 4, 5]) {
  const lesson = teach(
    { train, validation },
    [{ name: "scratch", recipe: { ...RECIPE, relearn: false } }],
    seed,
    wasmEngine,
  )
  let next = lesson.next()
  while (!next.done) next = lesson.next()
  const { graph, weights, labels, unsureBelow } = next.value
  const parts = {
    graph,
    weights: Object.fromEntries(Object.entries(weights).map(([name, data]) => [name, { data }])),
    labels,
    unsureBelow,
  }
  const exact = openClassifier(parts, wasmEngine)
  for (const [name, formula] of Object.entries(FORMULAS)) {
    const classifier = withFormula(formula, () => openClassifier(parts, wasmEngine))
    const scored = scoreAll(classifier, validation)
    let [differ, all] = [0, 0]
    for (const { text } of validation) {
      const bytes = new TextEncoder().encode(text)
      const wanted = exact.run(bytes).logits.slice()
      classifier.run(bytes).logits.forEach((logit, i) => {
        if (logit !== wanted[i]) differ++
        all++
      })
    }
    rows[name] ??= { accuracy: [], bits: [], differ: [] }
    rows[name].accuracy.push(100 * accuracy(scored))
    rows[name].bits.push(bits(scored))
    rows[name].differ.push((100 * differ) / all)
  }
}
const mean = (values: readonly number[]): string => (values.reduce((sum, v) => sum + v, 0) / values.length).toFixed(3)
for (const [name, row] of Object.entries(rows))
  console.log(
    `${name.padEnd(46)} accuracy ${mean(row.accuracy)} %   bits ${mean(row.bits)}   logits that differ ${mean(row.differ)} %`,
  )
