import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { type CandidateView, readCandidateView } from "./candidate.ts"
import { bytesOf, codesOf } from "./testing/examples.ts"

const VIEW: CandidateView = {
  candidate: 12,
  module: "acme/intent",
  tag: "stable",
  artifact: digest("new"),
  baseline: digest("old"),
  anchor: digest("first"),
  target: "shop/questions",
  isSimpler: false,
  attempt: 2,
  accepted: 1,
  state: "refused",
  waitsFor: null,
  verdict: { kind: "harmful", because: "It is worse.", benchmark: "shop/questions", items: 512 },
  benchmarks: [
    {
      ...{ name: "shop/questions", artifact: digest("questions"), weight: 1, margin: 0.005 },
      ...{ items: 512, better: 1, equal: 500, worse: 11, mean: -0.02 },
      evidence: { noHarm: -4.25, gain: -5, harm: 6 },
    },
  ],
  leftOut: [{ name: "shop/images", because: "It asks for an image." }],
  needed: { noHarm: 4, gain: 5.6, harm: 3 },
  workers: { present: 3, needed: 3 },
  jobs: { open: 0, done: 9 },
}
test("what a hub tells of a candidate is read as it was told", () => {
  expect(readCandidateView(bytesOf(JSON.stringify(VIEW)))).toEqual(VIEW)
  const empty = { ...VIEW, state: "waiting", verdict: null, needed: null, target: null, waitsFor: "It waits." }
  expect(readCandidateView(bytesOf(JSON.stringify(empty)))).toEqual(empty)
})
test("OB743: another answer is none", () => {
  for (const changes of [
    { state: "happy" },
    { verdict: { kind: "fine", because: "", benchmark: null, items: 0 } },
    { candidate: -1 },
    { benchmarks: [{}] },
    { workers: null },
    { leftOut: [{ name: "a\u202eb", because: "" }] },
  ])
    expect(codesOf(() => readCandidateView(bytesOf(JSON.stringify({ ...VIEW, ...changes }))))).toEqual(["OB743"])
})
