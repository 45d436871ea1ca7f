import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { canonicalJson, type JsonObject } from "../base/json.ts"
import { type Envelope, IN_TOTO } from "./envelope.ts"
import { NOTHING } from "./merkle.ts"
import { isPassing, SCORE_ONE } from "./score.ts"
import { type AttestationStatement, printStatement, type Statement, statementOf, TYPES } from "./statement.ts"
import { bytesOf, CARD, codesOf, STATEMENTS, textOf } from "./testing/examples.ts"

const enveloped = (payload: Uint8Array): Envelope => ({ payloadType: IN_TOTO, payload, signatures: [] })
const read = (text: string): Statement => statementOf(enveloped(bytesOf(text)))

test.each(STATEMENTS.map((statement) => [statement.type, statement] as const))(
  "%s comes out as it went in",
  (_, each) => {
    expect(statementOf(enveloped(printStatement(each)))).toEqual(each)
  },
)
test("its subject is what it is about, as other tools of in-toto look for it", () => {
  const { subject, predicateType, predicate } = JSON.parse(textOf(printStatement(STATEMENTS[0]!))) as JsonObject
  expect(subject).toEqual([{ name: "acme/intent", digest: { sha256: digest("new").slice(7) } }])
  expect(predicateType).toBe("urn:open-brains:push:1")
  expect(predicate).not.toHaveProperty("type")
})

const text = textOf(printStatement(STATEMENTS[0]!))
const json = JSON.parse(text) as JsonObject
const withPredicate = (changes: JsonObject, of = json): string =>
  canonicalJson({ ...of, predicate: { ...(of["predicate"] as JsonObject), ...changes } })
test("OB705: a statement has one text, so that no reader reads another thing", () => {
  const others = [
    ` ${text}`,
    `${text}\n`,
    JSON.stringify(json, null, 1),
    text.replace('"serial":0', '"serial":-0'),
    text.replace('"serial":0', '"serial":0.0'),
    text.replace('"serial":0', '"serial":5,"serial":0'), // which one counts?
    text.replace("acme", "\\u0061cme"),
    `\ufeff${text}`,
    withPredicate({ more: 1 }),
    withPredicate({ isSimpler: false }),
    canonicalJson({ ...json, more: 1 }),
    text.replace('"serial":0', '"more":1e999,"serial":0'), // no JSON can be written of it
  ]
  expect(read(text)).toEqual(STATEMENTS[0])
  for (const other of others) {
    expect(other).not.toBe(text)
    expect(
      codesOf(() => read(other)),
      other,
    ).toEqual(["OB705"])
  }
})
test("OB705: its subject is the artifact that the predicate names, and that alone", () => {
  for (const subject of [
    [],
    [{ name: "acme/intent", digest: { sha256: "0".repeat(64) } }],
    [{ name: "acme/other", digest: { sha256: digest("new").slice(7) } }],
    [...(json["subject"] as readonly JsonObject[]), ...(json["subject"] as readonly JsonObject[])],
  ])
    expect(codesOf(() => read(canonicalJson({ ...json, subject })))).toEqual(["OB705"])
})
test("OB705: another type, another version, names and numbers that are none", () => {
  const namespace = JSON.parse(textOf(printStatement(STATEMENTS[2]!))) as JsonObject
  const attestation = JSON.parse(textOf(printStatement(STATEMENTS[3]!))) as JsonObject
  const [key] = (namespace["predicate"] as JsonObject)["keys"] as readonly string[]
  const wrong = [
    canonicalJson({ ...json, predicateType: "urn:open-brains:push:2" }),
    canonicalJson({ ...json, predicateType: {} }),
    canonicalJson({ ...json, _type: "https://in-toto.io/Statement/v0.1" }),
    withPredicate({ tag: "sha256-x" }),
    withPredicate({ tag: "-x" }),
    withPredicate({ serial: -1 }),
    withPredicate({ previous: "none" }),
    withPredicate({ module: { namespace: "Acme", name: "intent" } }),
    withPredicate({ module: { namespace: "acme", name: "../x" } }),
    withPredicate({ target: "nothing" }),
    withPredicate({ threshold: 0 }, namespace),
    withPredicate({ threshold: 3 }, namespace),
    withPredicate({ keys: [key!, key!] }, namespace),
    withPredicate({ keys: [] }, namespace),
    withPredicate({ counts: { better: 5, equal: 93, worse: 3 } }, attestation),
    withPredicate({ sum: 0.5 }, attestation),
    withPredicate({ runner: "\u001b[2J" }, attestation),
  ]
  for (const other of wrong)
    expect(
      codesOf(() => read(other)),
      other,
    ).toEqual(["OB705"])
  expect(codesOf(() => statementOf({ ...enveloped(bytesOf(text)), payloadType: "text/plain" }))).toEqual(["OB705"])
})

test("a score by itself is one beside nothing: OB705 where nothing answers, or the sum is not that of so many scores", () => {
  const [one] = STATEMENTS.filter((each) => each.type === TYPES.attestation)
  if (one?.type !== TYPES.attestation) throw new Error("bug: there is none")
  const { within: _, ...alone } = one
  const absolute: AttestationStatement = {
    ...alone,
    baseline: NOTHING,
    items: { seed: 1, from: 0, count: 20 },
    counts: { better: 18, equal: 2, worse: 0 },
    sum: 18 * SCORE_ONE,
    answers: { ...one.answers, baseline: NOTHING },
  }
  const again = (each: AttestationStatement): Statement => statementOf(enveloped(printStatement(each)))
  expect(again(absolute)).toEqual(absolute)
  const card = { ...CARD, kind: "benchmark", bound: 0.9, items: 20 } as const
  expect(isPassing(absolute, card)).toBe(true)
  expect(isPassing({ ...absolute, sum: 18 * SCORE_ONE - 1 }, card)).toBe(false)
  const beside: AttestationStatement = { ...alone, items: { ...one.items, from: 0 }, sum: SCORE_ONE }
  expect(isPassing({ ...beside, baseline: NOTHING }, { ...card, bound: 0, items: 1 })).toBe(true)
  expect(isPassing(beside, { ...card, bound: 0, items: 1 })).toBe(false)
  for (const wrong of [
    { ...absolute, counts: { better: 18, equal: 1, worse: 1 } },
    { ...absolute, answers: one.answers },
    { ...absolute, sum: 18 * SCORE_ONE + 1 },
    { ...absolute, sum: 17 },
    { ...absolute, sum: -1 },
  ])
    expect(codesOf(() => again(wrong))).toEqual(["OB705"])
})
