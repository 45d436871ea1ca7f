import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { parseEnvelope, parsePublicKey } from "./envelope.ts"
import { type AttestationStatement, statementOf } from "./statement.ts"
import { bytesOf, codesOf, SIGNERS } from "./testing/examples.ts"
import { answered, CHECK_JOB, ITEMS_JOB, ITEMS_RESULT, RESULTS, resultPayload } from "./testing/jobs.ts"
import {
  digestOfJob,
  drawnFor,
  factsOf,
  firstUnlike,
  type ItemsResult,
  isDrawnFor,
  itemSeedOf,
  misfitOfItems,
  RESULT_TYPE,
  RUNNER,
  readLeased,
  resultOf,
  roundAfter,
  sealResult,
} from "./work.ts"

test.each(RESULTS.map((result) => [result.kind, result] as const))(
  "a result of %s comes out as it went in",
  (_, result) => {
    expect(resultOf(parseEnvelope(sealResult(result, SIGNERS[0]!)))).toEqual(result)
  },
)
test.each([CHECK_JOB, ITEMS_JOB])("a job of $kind comes out as it went in", (job) => {
  expect(readLeased(bytesOf(JSON.stringify({ job, leaseUntil: 5 })))).toEqual({ job, leaseUntil: 5 })
  expect(digestOfJob(job, digest)).not.toBe(digestOfJob({ ...job, id: 8 }, digest))
})
test("OB743: what is no job and no result is told so", () => {
  const items = (changes: object) => bytesOf(JSON.stringify({ job: { ...ITEMS_JOB, ...changes }, leaseUntil: 5 }))
  const { items: of } = ITEMS_JOB
  for (const bytes of [
    bytesOf("{}"),
    items({ kind: "money" }),
    items({ items: { ...of, count: 1025 } }),
    items({ items: { ...of, count: 0 } }),
    items({ items: { ...of, seed: 2 ** 32 } }),
    items({ candidate: { ...ITEMS_JOB.candidate, repository: "../intent" } }),
    items({ candidate: { ...ITEMS_JOB.candidate, repository: "acme/intent:edge" } }),
    items({ benchmark: { repository: "shop/questions", artifact: "sha256:0" } }),
  ])
    expect(codesOf(() => readLeased(bytes))).toEqual(["OB743"])
  const result = (changes: object) => ({
    payloadType: RESULT_TYPE,
    payload: resultPayload({ ...ITEMS_RESULT, ...changes } as ItemsResult),
    signatures: [],
  })
  const { leaves, differences } = ITEMS_RESULT
  for (const each of [
    { ...result({}), payloadType: "application/json" },
    result({ leaves: { ...leaves, candidate: new Array(1025).fill(leaves.candidate[0]) } }),
    result({ differences: { ...differences, baseline: [2 ** 33] } }),
    result({ differences: { ...differences, baseline: [0.5] } }),
    result({ leaves: { candidate: [], baseline: [] } }), // an anchor without leaves
  ])
    expect(codesOf(() => resultOf(each))).toEqual(["OB743"])
})

const statementsOf = ({ attestations }: ItemsResult) => {
  const of = (text: string) => statementOf(parseEnvelope(bytesOf(text))) as AttestationStatement
  return { baseline: of(attestations.baseline), ...(attestations.anchor ? { anchor: of(attestations.anchor) } : {}) }
}
const misfit = (result: ItemsResult, job = ITEMS_JOB): string | undefined =>
  misfitOfItems(job, result, statementsOf(result), RUNNER, digest)
test("a result fits its job when its leaves, its differences and what was signed are one story", () => {
  expect(misfit(ITEMS_RESULT)).toBeUndefined()
  const { leaves, differences, attestations } = ITEMS_RESULT
  const other = digest("other")
  const { anchor: _, ...unanchored } = ITEMS_JOB
  expect(misfit(ITEMS_RESULT, unanchored)).toMatch(/anchor/)
  expect(misfit(ITEMS_RESULT, { ...ITEMS_JOB, items: { ...ITEMS_JOB.items, count: 3 } })).toMatch(/4 answers, and 3/)
  expect(misfit(ITEMS_RESULT, { ...ITEMS_JOB, items: { ...ITEMS_JOB.items, from: 0 } })).toMatch(/another items/)
  expect(misfit(ITEMS_RESULT, { ...ITEMS_JOB, candidate: { ...ITEMS_JOB.candidate, artifact: other } })).toMatch(
    /another candidate/,
  )
  const { within: __, ...alone } = ITEMS_JOB
  expect(misfit(ITEMS_RESULT, alone)).toMatch(/another within/)
  const [first, ...rest] = leaves.candidate
  expect(misfit({ ...ITEMS_RESULT, leaves: { ...leaves, candidate: [other, ...rest] } })).toMatch(
    /root of the candidate/,
  )
  expect(misfit({ ...ITEMS_RESULT, leaves: { ...leaves, baseline: [first!, ...rest] } })).toMatch(
    /root of the baseline/,
  )
  const shifted = (baseline: readonly number[]) =>
    misfit({ ...ITEMS_RESULT, differences: { ...differences, baseline } })
  expect(shifted([0, 0, 0, 0])).toMatch(/1 better/)
  expect(shifted([5, 0, 0, 0])).toMatch(/sum up to 5/)
  expect(shifted([0, 2 ** 32, 0, 0])).toMatch(/item 17 has equal answers/)
  expect(misfit({ ...ITEMS_RESULT, attestations: { ...attestations, anchor: attestations.baseline } })).toMatch(
    /another baseline/,
  )
  const texts = { candidate: ["a", "b", "c", "d"], baseline: ["a", "b", "c", "d"], anchor: ["a", "b", "c", "d"] }
  expect(misfit(answered(ITEMS_JOB, texts, () => 0, SIGNERS[0], { runner: "another one" }))).toMatch(/was run by/)
})

test("two results are told apart by the first item about which they differ, whatever differs", () => {
  const texts = { candidate: ["a", "b", "c", "d"], baseline: ["a", "b", "c", "d"], anchor: ["a", "b", "c", "d"] }
  const score = (answer: string): number => (answer === "x" ? 1 : 0)
  const one = answered(ITEMS_JOB, texts, score)
  expect(firstUnlike(one, answered(ITEMS_JOB, texts, score, SIGNERS[1]))).toBe(-1)
  for (const [side, index] of [
    ["candidate", 2],
    ["baseline", 1],
    ["anchor", 3],
  ] as const) {
    const changed = { ...texts, [side]: texts[side].map((each, i) => (i === index ? "x" : each)) }
    expect(firstUnlike(one, answered(ITEMS_JOB, changed, score))).toBe(index)
  }
  const { differences } = one
  expect(firstUnlike(one, { ...one, differences: { ...differences, anchor: [0, 0, 0, 1] } })).toBe(3)
})
test("checks agree by what they found, not by the words", () => {
  const [, check] = RESULTS
  if (check?.kind !== "check") throw new Error("bug: no check")
  const { findings } = check
  expect(factsOf({ ...findings, because: "something else" })).toBe(factsOf(findings))
  expect(factsOf({ ...findings, refusal: null })).not.toBe(factsOf(findings))
})

const KEYS = [..."ABCDEFGHIJKLMNOP"].map((sign) => parsePublicKey(`ed25519:${sign.repeat(42)}A`)!)
test("those who are drawn depend on secret and job, not on the order they came in; one who leaves is replaced, the others stay", () => {
  const secret = digest("secret")
  const drawn = drawnFor(secret, 1, KEYS, 3, digest)
  expect(drawnFor(secret, 1, KEYS.toReversed(), 3, digest)).toEqual(drawn)
  const without = drawnFor(
    secret,
    1,
    KEYS.filter((key) => key !== drawn[0]),
    3,
    digest,
  )
  expect(without.slice(0, 2)).toEqual(drawn.slice(1))
  const counts = new Map<string, number>()
  for (let job = 0; job < 800; job++)
    for (const key of drawnFor(secret, job, KEYS, 3, digest)) counts.set(key, (counts.get(key) ?? 0) + 1)
  for (const key of KEYS) expect(counts.get(key), key).toBeGreaterThan(100) // 150 of 800 is each one's share
  expect(drawnFor(digest("other"), 1, KEYS, 16, digest)).not.toEqual(drawnFor(secret, 1, KEYS, 16, digest))
})
test("whether one is drawn takes a few hashes, however many there are", () => {
  const secret = digest("secret")
  let hashes = 0
  const counting = (bytes: Uint8Array) => {
    hashes++
    return digest(bytes)
  }
  const many = Array.from({ length: 1000 }, (_, i) => parsePublicKey(`ed25519:${`${i}`.padStart(42, "x")}A`)!)
  for (const [all, counts] of [
    [KEYS, [0, 1, 3, 16, 20]],
    [many, [3]],
  ] as const)
    for (const count of counts) {
      const drawn = drawnFor(secret, 7, all, count, digest)
      for (const key of all) expect(isDrawnFor(secret, 7, key, all, count, counting)).toBe(drawn.includes(key))
    }
  expect(hashes / many.length).toBeLessThan(50)
})
test("the seed of items is of 32 bits, of the candidate and of the log", () => {
  const seed = itemSeedOf(digest("a"), digest("root"), digest)
  expect(seed).toBe(Number.parseInt(digest(`${digest("a")}\n${digest("root")}`).slice(7, 15), 16))
  expect(itemSeedOf(digest("b"), digest("root"), digest)).not.toBe(seed)
  expect(itemSeedOf(digest("a"), digest("other"), digest)).not.toBe(seed)
})
test("rounds are small first", () => {
  expect([0, 48, 64, 192, 256, 20_000].map(roundAfter)).toEqual([16, 16, 64, 64, 256, 256])
})
