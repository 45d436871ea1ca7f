import { createHash } from "node:crypto"
import { basename, dirname } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { isJsonObject } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import {
  ENVELOPE_LIMITS,
  type Envelope,
  type PublicKey,
  parseEnvelope,
  type Signer,
  seal,
  signersOf,
} from "@open-brains/core/commons/envelope.ts"
import { leafHash, treeOfHashes } from "@open-brains/core/commons/merkle.ts"
import { type Reference, readReference } from "@open-brains/core/commons/reference.ts"
import { jsonOf, readingOf } from "@open-brains/core/commons/shape.ts"
import { type AttestationStatement, printStatement, statementOf, TYPES } from "@open-brains/core/commons/statement.ts"
import { RUNNER } from "@open-brains/core/commons/work.ts"
import { needBrainFile, readBytes } from "../brains/sources.ts"
import { verify } from "../keys/keys.ts"
import { artifactOf } from "../store/artifact.ts"
import { writeFileWhole } from "../store/file.ts"
import { MANIFEST } from "../store/whole.ts"
import type { Comparison, Ran } from "./compare.ts"
import type { Tally } from "./run.ts"
import { placeOf, type Subject, type Within } from "./subject.ts"

/** An attestation with the hashes of what each said: with them, whoever runs it again can name the first item that differs. */
export interface Attestation {
  readonly envelope: Uint8Array
  readonly leaves: { readonly candidate: readonly Digest[]; readonly baseline: readonly Digest[] }
}
export interface AttestedBy {
  readonly statement: AttestationStatement
  readonly signers: readonly PublicKey[]
  readonly leaves: Partial<Attestation["leaves"]>
}

/** Node's SHA-256: core's own is slower, and gives the same. */
export const sha256 = (bytes: Uint8Array): Digest =>
  parseDigest(`sha256:${createHash("sha256").update(bytes).digest("hex")}`)!
/** Of what was said to each item, in order. */
export const leavesOf = (answers: readonly string[]): readonly Digest[] =>
  answers.map((answer) => leafHash(new TextEncoder().encode(answer), sha256))
export const rootOf = (leaves: readonly Digest[]): Digest => treeOfHashes(leaves, sha256).root

export { RUNNER }

/** Errors: OB757 for what asks somebody's machine. */
export function refuseIrreproducible({ name, irreproducible }: Subject): void {
  if (irreproducible !== undefined)
    refuse({
      code: "OB757",
      seen: `${name} cannot be attested: ${irreproducible}, and nobody could run it again and get the same.`,
      hint: "Compare it without --attest, for yourself. What others are to check has no remote part.",
    })
}

/** What is signed of items that were run: who answered what, by how much one scored more, and the hashes of the answers. */
export const attestationOf = (
  about: Pick<AttestationStatement, "type" | "candidate" | "baseline" | "benchmark" | "within" | "items">,
  { counts, sum }: Tally,
  leaves: Attestation["leaves"],
): AttestationStatement => ({
  ...about,
  ...{ counts, sum },
  answers: { candidate: rootOf(leaves.candidate), baseline: rootOf(leaves.baseline) },
  runner: RUNNER,
})

interface How {
  readonly candidate: Subject
  readonly incumbent: Subject
  readonly seed: number
  readonly within: Within | undefined
  readonly signer: Signer
}
/** One attestation for each benchmark of which items were run. Errors: those of `artifactOf`, OB758. */
export async function attest(comparison: Comparison, how: How): Promise<readonly Attestation[]> {
  const { candidate, incumbent, signer } = how
  const [one, other] = [await artifactOf(candidate.path), await artifactOf(incumbent.path)]
  const within = how.within && (await withinOf(how.within))
  const attested: Attestation[] = []
  for (const ran of comparison.ran) {
    if (ran.count === 0) continue
    const leaves = { candidate: leavesOf(ran.answers.candidate), baseline: leavesOf(ran.answers.incumbent) }
    const about = {
      type: TYPES.attestation,
      candidate: one.artifact.digest,
      baseline: other.artifact.digest,
      benchmark: await artifactOfBenchmark(ran),
      ...(within ? { within } : {}),
      items: { seed: how.seed, from: 0, count: ran.count },
    }
    const statement = attestationOf(about, ran, leaves)
    attested.push({ envelope: seal(printStatement(statement), [signer]), leaves })
  }
  return attested
}
export const artifactOfBenchmark = async ({ benchmark }: Pick<Ran, "benchmark">): Promise<Digest> =>
  (await artifactOf(basename(benchmark.path) === MANIFEST ? dirname(benchmark.path) : benchmark.path)).artifact.digest

/** The brain, and the module of the store in whose place both were run. Errors: OB758 for a `use` that is none of the store. */
export async function withinOf({ brain, use }: Within): Promise<NonNullable<AttestationStatement["within"]>> {
  const path = await placeOf(brain)
  const { artifact, cardData } = await artifactOf(path)
  needBrainFile(path)
  const named = readReference(use)
  const found = named && cardData.uses.some(({ name }) => isSameModule(readReference(name), named)) ? named : undefined
  if (found === undefined)
    return refuse({
      code: "OB758",
      seen: `\`${use}\` names no module of the store that ${brain} uses, and an attestation names one.`,
      hint: `Say which: --as acme/intent. It uses: ${cardData.uses.map(({ name }) => name).join(", ") || "none"}.`,
    })
  return { brain: artifact.digest, module: { namespace: found.namespace, name: found.name } }
}
const isSameModule = (one: Reference | undefined, other: Reference): boolean =>
  one?.namespace === other.namespace && one.name === other.name

const FORMAT = "urn:open-brains:attestations:1"
const FILE_BYTES_MAX = 64 * 2 ** 20
const ATTESTATIONS_MAX = 256

export async function writeAttestation(path: string, attested: readonly Attestation[]): Promise<string> {
  const attestations = attested.map(({ envelope, leaves }) => ({
    envelope: JSON.parse(new TextDecoder().decode(envelope)) as object,
    leaves,
  }))
  await writeFileWhole(path, `${JSON.stringify({ format: FORMAT, attestations })}\n`)
  return path
}

/** What a file attests, and who signed. Errors: OB632, OB704, OB705, OB759 when it is none, OB762 when no signature holds. */
export function readAttestations(path: string): readonly AttestedBy[] {
  const bytes = readBytes(path)
  const reading = readingOf(path, "OB759", "Take the file that `brain compare … --attest FILE` wrote, or one envelope.")
  if (bytes.length > FILE_BYTES_MAX) reading.fail("", `file of at most ${FILE_BYTES_MAX} bytes`)
  const json = reading.object(jsonOf(bytes, reading), "")
  if (json["payloadType"] !== undefined) return [attestedBy(parseEnvelope(bytes), {}, path)]
  if (json["format"] !== FORMAT) reading.fail("format", FORMAT)
  return reading.list(json["attestations"], "attestations", ATTESTATIONS_MAX).map((each, i) => {
    const at = `attestations[${i}]`
    const attestation = reading.object(each, at)
    const envelope = new TextEncoder().encode(JSON.stringify(reading.object(attestation["envelope"], `${at}.envelope`)))
    if (envelope.length > ENVELOPE_LIMITS.bytes) reading.fail(`${at}.envelope`, "envelope")
    const said = attestation["leaves"]
    const leaves = (side: "candidate" | "baseline"): readonly Digest[] | undefined =>
      said === undefined || !isJsonObject(said) || said[side] === undefined
        ? undefined
        : reading
            .list(said[side], `${at}.leaves.${side}`, 2 ** 20)
            .map((leaf, j) => reading.digest(leaf, `${at}.leaves.${side}[${j}]`))
    const [candidate, baseline] = [leaves("candidate"), leaves("baseline")]
    return attestedBy(
      parseEnvelope(envelope),
      { ...(candidate ? { candidate } : {}), ...(baseline ? { baseline } : {}) },
      path,
    )
  })
}
function attestedBy(envelope: Envelope, leaves: AttestedBy["leaves"], path: string): AttestedBy {
  const signers = signersOf(envelope, verify)
  if (signers.length === 0)
    refuse({
      code: "OB762",
      seen: `No signature in ${path} holds: it was changed after it was signed, or never was.`,
      hint: "Ask whoever made it for another copy.",
    })
  const statement = statementOf(envelope)
  if (statement.type !== TYPES.attestation)
    return refuse({
      code: "OB759",
      seen: `${path} holds a statement of another kind: ${statement.type}.`,
      hint: "Take the file that `brain compare … --attest FILE` wrote.",
    })
  return { statement, signers, leaves }
}
