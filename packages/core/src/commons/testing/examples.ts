/** Artifacts, envelopes and statements to test with: whole ones, and what a stranger might make of them. */
import { digest } from "../../base/digest.ts"
import { Refusal } from "../../base/problem.ts"
import { type Artifact, type ArtifactFile, MEDIA } from "../artifact.ts"
import type { Card } from "../card.ts"
import { parsePublicKey, type Signer } from "../envelope.ts"
import { type Statement, TYPES } from "../statement.ts"

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export const FILES: readonly ArtifactFile[] = ["module.brain", "graph.json", "code/words.js"].map((path) => ({
  path,
  digest: digest(path),
  size: path.length,
}))
export const CARD: Card = {
  kind: "net",
  name: "intent",
  about: "What a customer wants – parcel, refund, …",
  licence: "CC0-1.0",
  module: digest("module"),
  takes: [{ name: "message", type: "text up to 1024 bytes" }],
  gives: [{ name: "intent", type: "label" }],
  bytes: 30512,
  operations: 12345,
  uses: [{ name: "acme/words:stable", artifact: digest("words") }],
  benchmarks: ["acme/intents"],
  base: digest("base"),
}
/** An artifact whose card are these bytes. */
export const artifactOfCard = (bytes: Uint8Array): Artifact => ({
  digest: digest("any"),
  card: { mediaType: MEDIA.card, digest: digest(bytes), size: bytes.length },
  files: FILES,
})

const KEY = parsePublicKey(`ed25519:${"A".repeat(43)}`)!
const OTHER = parsePublicKey(`ed25519:${"B".repeat(42)}A`)!
/** Signs nothing anybody could verify. */
export const SIGNERS: readonly Signer[] = [KEY, OTHER].map((key, i) => ({
  key,
  sign: (message) => new Uint8Array(64).fill(i + (message.length % 7)),
}))
export const STATEMENTS: readonly Statement[] = [
  {
    type: TYPES.push,
    module: { namespace: "acme", name: "intent" },
    artifact: digest("new"),
    tag: "edge",
    previous: null,
    serial: 0,
  },
  {
    type: TYPES.push,
    module: { namespace: "acme", name: "intent" },
    artifact: digest("newer"),
    tag: "stable",
    previous: digest("new"),
    serial: 7,
    target: "acme/intents",
    isSimpler: true,
  },
  { type: TYPES.namespace, namespace: "acme", keys: [KEY, OTHER], threshold: 2, serial: 1 },
  {
    type: TYPES.attestation,
    candidate: digest("candidate"),
    baseline: digest("baseline"),
    benchmark: digest("benchmark"),
    within: { brain: digest("brain"), module: { namespace: "acme", name: "intent" } },
    items: { seed: 4294967295, from: 100, count: 100 },
    counts: { better: 5, equal: 93, worse: 2 },
    sum: -12,
    answers: { candidate: digest("a"), baseline: digest("b") },
    runner: "open-brains 0.9, operations 1",
  },
  { type: TYPES.work, hub: KEY, at: 1790000000000, nonce: "0123456789abcdef".repeat(2) },
]
export const REFERENCES = [
  "acme/intent",
  "a/b:edge",
  `acme/in-tent@${digest("x")}`,
  `acme/intent:v1.0_x@${digest("y")}`,
]

/** The codes of what refused; another exception is no refusal, and goes on. */
export function codesOf(work: () => unknown): readonly string[] {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}
