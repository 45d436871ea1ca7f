/** The property of every reader of the commons: what a stranger sends is refused with a code, or is what it prints again. For tests and a bench. */
import { canonicalJson, type Json } from "../../base/json.ts"
import { Refusal } from "../../base/problem.ts"
import { cardOfArtifact, isArtifactPath, parseArtifact, parseManifestFacts, printArtifact } from "../artifact.ts"
import { cardToJson } from "../card.ts"
import { IN_TOTO, parseEnvelope, printEnvelope, seal } from "../envelope.ts"
import { parseReference, printReference } from "../reference.ts"
import { printStatement, statementOf } from "../statement.ts"
import { RESULT_TYPE, resultOf } from "../work.ts"
import { artifactOfCard, bytesOf, CARD, codesOf, FILES, REFERENCES, SIGNERS, STATEMENTS, textOf } from "./examples.ts"
import { RESULTS, resultPayload } from "./jobs.ts"
import { altered, alteredText, type Choice, choosing } from "./mutations.ts"

export interface Reader {
  readonly codes: readonly string[]
  attempt(choice: Choice): void | Promise<void>
}
function must(holds: boolean): void {
  if (!holds) throw new Error("what was read is not what was sent")
}
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const MANIFEST = printArtifact(FILES, CARD).manifest
const CARD_TEXT = bytesOf(canonicalJson(cardToJson(CARD)))
const ENVELOPES = STATEMENTS.map((statement, i) => seal(printStatement(statement), SIGNERS.slice(0, 1 + (i % 2))))

export const READERS = {
  manifests: {
    codes: ["OB701", "OB702"],
    attempt(choice) {
      const bytes = altered(MANIFEST, choice)
      must(codesOf(() => parseManifestFacts(bytes)).every((code) => code === "OB701"))
      const artifact = parseArtifact(bytes)
      const paths = artifact.files.map(({ path }) => path)
      must(paths.every(isArtifactPath))
      must(paths.join() === paths.toSorted().join())
      must(textOf(bytes) === canonicalJson(JSON.parse(textOf(bytes)) as Json))
    },
  },
  cards: {
    codes: ["OB703"],
    attempt(choice) {
      const bytes = altered(CARD_TEXT, choice)
      const card = cardOfArtifact(artifactOfCard(bytes), bytes)
      const again = bytesOf(canonicalJson(cardToJson(card)))
      must(isSame(cardOfArtifact(artifactOfCard(again), again), card))
    },
  },
  envelopes: {
    codes: ["OB704"],
    attempt(choice) {
      const envelope = parseEnvelope(altered(choice.of(ENVELOPES), choice))
      must(isSame(parseEnvelope(printEnvelope(envelope)), envelope))
    },
  },
  statements: {
    codes: ["OB705"],
    attempt(choice) {
      const payload = altered(printStatement(choice.of(STATEMENTS)), choice)
      const statement = statementOf({ payloadType: IN_TOTO, payload, signatures: [] })
      must(textOf(printStatement(statement)) === textOf(payload))
    },
  },
  results: {
    codes: ["OB743"],
    attempt(choice) {
      const payload = altered(resultPayload(choice.of(RESULTS)), choice)
      const result = resultOf({ payloadType: RESULT_TYPE, payload, signatures: [] })
      const again = resultOf({ payloadType: RESULT_TYPE, payload: resultPayload(result), signatures: [] })
      must(JSON.stringify(again) === JSON.stringify(result))
    },
  },
  references: {
    codes: ["OB700"],
    attempt(choice) {
      const text = alteredText(choice.of(REFERENCES), choice)
      must(printReference(parseReference(text)) === text)
    },
  },
} as const satisfies Record<string, Reader>

export interface Attacked {
  /** How many were refused by which code, and how many were read. */
  readonly counts: Readonly<Record<string, number>>
  /** What was thrown that is no clear refusal: a crash, another code, no code, no hint. The seed makes each again. */
  readonly failures: readonly string[]
  readonly worstMs: number
}
const HINT_MAX = 1000

/** So many attempts, one after the other. */
export async function attack(reader: Reader, attempts: number, seed: number): Promise<Attacked> {
  const counts: Record<string, number> = {}
  const failures: string[] = []
  let worstMs = 0
  for (let i = seed; i < seed + attempts; i++) {
    const choice = choosing(i)
    const start = performance.now()
    let outcome = "read"
    try {
      const waited = reader.attempt(choice)
      if (waited !== undefined) await waited
    } catch (error) {
      outcome = codeOf(error, reader.codes) ?? ""
      if (outcome === "") failures.push(`attempt ${i}: ${error instanceof Error ? error.message.slice(0, 300) : "?"}`)
    }
    worstMs = Math.max(worstMs, performance.now() - start)
    if (outcome !== "") counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return { counts, failures, worstMs }
}
function codeOf(error: unknown, codes: readonly string[]): string | undefined {
  if (!(error instanceof Refusal) || error.problems.length !== 1) return undefined
  const { code, seen, hint } = error.problems[0]!
  return codes.includes(code) && seen !== "" && hint !== "" && seen.length + hint.length < 2 * HINT_MAX
    ? code
    : undefined
}
