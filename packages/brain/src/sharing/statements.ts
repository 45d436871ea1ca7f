import { statSync } from "node:fs"
import { refuse } from "@open-brains/core/base/problem.ts"
import {
  ENVELOPE_LIMITS,
  type Envelope,
  IN_TOTO,
  type PublicKey,
  parseEnvelope,
  preAuthenticationEncoding,
  printEnvelope,
  type Signer,
  signersOf,
} from "@open-brains/core/commons/envelope.ts"
import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import {
  type NamespaceStatement,
  type PushStatement,
  printStatement,
  type Statement,
  statementOf,
  TYPES,
} from "@open-brains/core/commons/statement.ts"
import { readBytes } from "../brains/sources.ts"
import { shortKey, verify } from "../keys/keys.ts"
import { writeFileWhole } from "../store/file.ts"

/** What several people sign one after another, each where their key is, before a hub gets it. */
export type Signable = PushStatement | NamespaceStatement
export interface SignableFile {
  readonly statement: Signable
  readonly envelope: Envelope
  readonly signers: readonly PublicKey[]
}

/** Writes a statement that nobody has signed yet. Errors: OB157. */
export const writeUnsigned = (path: string, statement: Signable): Promise<void> =>
  write(path, { payloadType: IN_TOTO, payload: printStatement(statement), signatures: [] })
const write = (path: string, envelope: Envelope): Promise<void> =>
  writeFileWhole(path, `${new TextDecoder().decode(printEnvelope(envelope))}\n`)

/**
 * A file that people sign, and whose signatures it has. Errors: OB632 when it is not there, OB704 and OB705 when it is none, OB774 when
 * a signature in it does not hold, or it says something that is signed elsewhere.
 */
export function readSignable(path: string): SignableFile {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > ENVELOPE_LIMITS.bytes)
    refuse({
      code: "OB774",
      seen: `${path} is larger than what is signed: more than ${ENVELOPE_LIMITS.bytes} bytes.`,
      hint: "Name a file that `brain push … --unsigned FILE` or `brain key claim … --unsigned FILE` wrote.",
    })
  const bytes = readBytes(path)
  const envelope = parseEnvelope(bytes)
  const statement = statementOf(envelope)
  if (!isSignable(statement))
    return refuse({
      code: "OB774",
      seen: `${path} holds a statement that is not signed by itself: ${statement.type}.`,
      hint: "`brain compare … --attest FILE` signs what it has run.",
    })
  const signers = signersOf(envelope, verify)
  if (signers.length < envelope.signatures.length)
    refuse({
      code: "OB774",
      seen: `A signature in ${path} does not hold: the file was changed after it was signed.`,
      hint: "Have it written anew: brain push … --unsigned FILE, or brain key claim … --unsigned FILE.",
    })
  return { statement, envelope, signers }
}
const isSignable = (statement: Statement): statement is Signable =>
  statement.type === TYPES.push || statement.type === TYPES.namespace

/** Adds a signature to the file; the keys that have signed now. Errors: those of `readSignable`, OB157. */
export async function signFile(path: string, signer: Signer): Promise<readonly PublicKey[]> {
  const { envelope, signers } = readSignable(path)
  if (signers.includes(signer.key)) return signers
  const { payloadType, payload, signatures } = envelope
  const signature = signer.sign(preAuthenticationEncoding(payloadType, payload))
  await write(path, { payloadType, payload, signatures: [...signatures, { key: signer.key, signature }] })
  return [...signers, signer.key]
}

/** What somebody says who signs it. */
export function describeStatement(statement: Signable): string {
  switch (statement.type) {
    case TYPES.push: {
      const { module, tag, artifact, previous, serial } = statement
      return `${repositoryOf(module)}:${tag} stands for ${artifact} from now on, and no longer for ${previous ?? "nothing"} (push number ${serial})`
    }
    case TYPES.namespace: {
      const { namespace, keys, threshold, serial } = statement
      const who = keys.length === 1 ? `${keys[0]} speaks` : `${threshold} of ${keys.join(", ")} speak`
      return `${who} for ${namespace} from now on, and nobody else (claim number ${serial})`
    }
    default:
      return statement satisfies never
  }
}
export const shortKeys = (keys: readonly PublicKey[]): string => keys.map(shortKey).join(", ") || "nobody"
