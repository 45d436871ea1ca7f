import { messageOf } from "@open-brains/core/base/problem.ts"
import { type Envelope, type PublicKey, parseEnvelope, signersOf } from "@open-brains/core/commons/envelope.ts"
import { type Statement, statementOf, type TYPES } from "@open-brains/core/commons/statement.ts"
import type { FastifyRequest } from "fastify"
import { type Hash, sha256 } from "../hash.ts"
import { verifyEd25519 } from "../keys.ts"
import type { Limits } from "../limits.ts"
import { refuseWith } from "./errors.ts"

/** A statement that came in a body, and whose signatures hold. */
export interface Signed<S extends Statement> {
  readonly statement: S
  readonly signers: readonly PublicKey[]
  readonly envelope: Envelope
  readonly bytes: Uint8Array
  readonly hash: Hash
}
/** Errors: OB704, OB705, OB730 when it is of another kind or too long, OB733 when nobody signed it. */
export function readSigned<T extends Statement["type"]>(
  type: T,
  { body }: Pick<FastifyRequest, "body">,
  limits: Limits,
): Signed<Extract<Statement, { readonly type: T }>> {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array()
  if (bytes.length > limits.envelopeBytes)
    refuseWith({
      code: "OB730",
      seen: `The envelope has ${bytes.length} bytes, and at most ${limits.envelopeBytes} are taken.`,
      hint: "Sign it again with this version of `brain`.",
    })
  const envelope = parseEnvelope(bytes)
  const statement = statementOf(envelope)
  if (!isOf(statement, type))
    return refuseWith({
      code: "OB730",
      seen: `This address takes ${type}, and that is ${statement.type}.`,
      hint: "Look at /openapi.json for what each address takes.",
    })
  const signers = signersOf(envelope, verifyEd25519)
  if (signers.length === 0)
    refuseWith({
      code: "OB733",
      seen: "No signature of the envelope holds.",
      hint: "Sign it again with `brain`, and send it as it is.",
    })
  return { statement, signers, envelope, bytes, hash: sha256(bytes) }
}
const isOf = <T extends Statement["type"]>(
  statement: Statement,
  type: T,
): statement is Extract<Statement, { readonly type: T }> => statement.type === type

export const jsonIn = ({ body }: FastifyRequest): unknown => {
  if (!(body instanceof Uint8Array) || body.length === 0) return undefined
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"))
  } catch (error) {
    return refuseWith({
      code: "OB730",
      seen: `The body is no JSON: ${messageOf(error).slice(0, 120)}.`,
      hint: "Look at /openapi.json for what each address takes.",
    })
  }
}
export type StatementType = (typeof TYPES)[keyof typeof TYPES]
