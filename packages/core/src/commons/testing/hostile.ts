/** The property of every reader of the commons: what a stranger sends is refused with a code, or is what it prints again. */
import { expect } from "vitest"
import { canonicalJson, type Json } from "../../base/json.ts"
import { cardOfArtifact, isArtifactPath, parseArtifact, parseManifestFacts, printArtifact } from "../artifact.ts"
import { cardToJson } from "../card.ts"
import { IN_TOTO, parseEnvelope, printEnvelope, seal } from "../envelope.ts"
import { parseReference, printReference } from "../reference.ts"
import { printStatement, statementOf } from "../statement.ts"
import { RESULT_TYPE, resultOf } from "../work.ts"
import { artifactOfCard, bytesOf, CARD, codesOf, FILES, REFERENCES, SIGNERS, STATEMENTS, textOf } from "./examples.ts"
import { RESULTS, resultPayload } from "./jobs.ts"
import { altered, alteredText, type Choice, choosing } from "./mutations.ts"

interface Reader {
  readonly codes: readonly string[]
  attempt(choice: Choice): void
}
const MANIFEST = printArtifact(FILES, CARD).manifest
const CARD_TEXT = bytesOf(canonicalJson(cardToJson(CARD)))
const ENVELOPES = STATEMENTS.map((statement, i) => seal(printStatement(statement), SIGNERS.slice(0, 1 + (i % 2))))

export const READERS = {
  manifests: {
    codes: ["OB701", "OB702"],
    attempt(choice) {
      const bytes = altered(MANIFEST, choice)
      expect(codesOf(() => parseManifestFacts(bytes)).filter((code) => code !== "OB701")).toEqual([])
      const artifact = parseArtifact(bytes)
      const paths = artifact.files.map(({ path }) => path)
      expect(paths.every(isArtifactPath)).toBe(true)
      expect(paths).toEqual(paths.toSorted())
      expect(textOf(bytes)).toBe(canonicalJson(JSON.parse(textOf(bytes)) as Json))
    },
  },
  cards: {
    codes: ["OB703"],
    attempt(choice) {
      const bytes = altered(CARD_TEXT, choice)
      const card = cardOfArtifact(artifactOfCard(bytes), bytes)
      const again = bytesOf(canonicalJson(cardToJson(card)))
      expect(cardOfArtifact(artifactOfCard(again), again)).toEqual(card)
    },
  },
  envelopes: {
    codes: ["OB704"],
    attempt(choice) {
      const envelope = parseEnvelope(altered(choice.of(ENVELOPES), choice))
      expect(parseEnvelope(printEnvelope(envelope))).toEqual(envelope)
    },
  },
  statements: {
    codes: ["OB705"],
    attempt(choice) {
      const payload = altered(printStatement(choice.of(STATEMENTS)), choice)
      const statement = statementOf({ payloadType: IN_TOTO, payload, signatures: [] })
      expect(textOf(printStatement(statement))).toBe(textOf(payload))
    },
  },
  results: {
    codes: ["OB743"],
    attempt(choice) {
      const payload = altered(resultPayload(choice.of(RESULTS)), choice)
      const result = resultOf({ payloadType: RESULT_TYPE, payload, signatures: [] })
      expect(resultOf({ payloadType: RESULT_TYPE, payload: resultPayload(result), signatures: [] })).toEqual(result)
    },
  },
  references: {
    codes: ["OB700"],
    attempt(choice) {
      const text = alteredText(choice.of(REFERENCES), choice)
      expect(printReference(parseReference(text))).toBe(text)
    },
  },
} as const satisfies Record<string, Reader>

/** So many attempts; gives how many were refused by which code, and how many were read. Each is over at once. */
export function attack(reader: Reader, attempts: number, seed: number): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let i = 0; i < attempts; i++) {
    const start = performance.now()
    const codes = codesOf(() => reader.attempt(choosing(seed + i)))
    const ms = performance.now() - start
    expect(ms, `attempt ${seed + i} took ${ms} ms`).toBeLessThan(1000)
    expect(codes.length, `attempt ${seed + i}`).toBeLessThanOrEqual(1)
    const code = codes[0] ?? "read"
    expect([...reader.codes, "read"], `attempt ${seed + i}`).toContain(code)
    counts[code] = (counts[code] ?? 0) + 1
  }
  return counts
}
