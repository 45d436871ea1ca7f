import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { type PublicKey, seal } from "@open-brains/core/commons/envelope.ts"
import { type NamespaceStatement, printStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { type NamedKey, signersNamed } from "../keys/keys.ts"
import { forgetKey, readTrust, rememberSerial, trustKey } from "../keys/trust.ts"
import type { Hub, Owner } from "../registry/hub.ts"
import { claimKey, withoutGate } from "./ownership.ts"
import { writeUnsigned } from "./statements.ts"

export interface ClaimOptions {
  /** Names of the keys that sign (default: the usual one). */
  readonly key?: readonly string[]
  /** All keys that speak for it from now on (default: those that sign). */
  readonly with?: readonly PublicKey[]
  /** The hub's own key is one of them, or is none any more: its gate lets strangers move what others build on, where they prove it better. */
  readonly isOpen?: boolean | undefined
  /** So many of them must sign (default: what it was, else 1). */
  readonly threshold?: number
  /** Writes what is to be signed there, and claims nothing yet. */
  readonly unsigned?: string
}
export interface Claimed {
  readonly statement: NamespaceStatement
  readonly signers: readonly NamedKey[]
  readonly before: Owner | undefined
}

/**
 * Makes a namespace of a hub somebody's, or changes whose it is: a statement of the next number, signed by as many of the keys that it has
 * now as it asks for. Errors: OB723 of keys, OB732 when it is another's or was changed meanwhile, OB733 when too few sign, OB775 when nobody
 * could ever sign for it.
 */
export async function claim(hub: Hub, namespace: string, options: ClaimOptions): Promise<Claimed> {
  const before = await hub.owner(namespace)
  const signers = options.unsigned === undefined || options.with === undefined ? signersNamed(options.key) : []
  const keys = await withGate(hub, options.isOpen, [
    ...new Set(
      options.with ?? (options.isOpen === undefined ? undefined : before?.keys) ?? signers.map(({ key }) => key),
    ),
  ])
  const threshold = options.threshold ?? Math.min(before?.threshold ?? 1, keys.length)
  if (keys.length > KEYS_MAX || threshold < 1 || threshold > keys.length)
    refuse({
      code: "OB775",
      seen: `${threshold} of ${keys.length} keys cannot sign for ${namespace}.`,
      hint: `Name at most ${KEYS_MAX} keys with --with, all that are to speak for it, and a --threshold from 1 to as many.`,
    })
  if (options.isOpen === true && threshold > 1)
    refuse({
      code: "OB775",
      seen: `${threshold} keys must sign for ${namespace}, and the gate has one.`,
      hint: "Leave out --open, or say --threshold 1.",
    })
  const serial = before === undefined ? 0 : before.serial + 1
  const statement: NamespaceStatement = { type: TYPES.namespace, namespace, keys, threshold, serial }
  if (options.unsigned !== undefined) {
    await writeUnsigned(options.unsigned, statement)
    return { statement, signers: [], before }
  }
  try {
    await hub.claim(seal(printStatement(statement), signers))
  } catch (error) {
    throw tooFew(error, `brain key claim ${namespace}`, namespace)
  }
  await followClaim(hub, statement, before)
  return { statement, signers, before }
}
const KEYS_MAX = 16

async function withGate(
  hub: Hub,
  isOpen: boolean | undefined,
  keys: readonly PublicKey[],
): Promise<readonly PublicKey[]> {
  if (isOpen === undefined) return keys
  const gate = await hub.key()
  const others = keys.filter((key) => key !== gate)
  return isOpen ? [...others, gate] : others
}

/** What a hub says where more have to sign, with the commands by which they do. */
export function tooFew(error: unknown, command: string, namespace: string): unknown {
  const problem = error instanceof Refusal ? error.problems[0] : undefined
  if (problem?.code !== "OB733") return error
  const hint = `If ${namespace} is not yours, take a namespace of your own. Else name each key that you have: --key ONE --key TWO. Where they lie with others: ${command} … --unsigned FILE, then each brain key sign FILE, then brain key send FILE.`
  return new Refusal([{ ...problem, hint }])
}

/** One's own trust follows: the new keys are taken, but for the hub's own, and those that went are not any more. */
export async function followClaim(
  hub: Hub,
  { namespace, keys, serial }: NamespaceStatement,
  before?: Owner,
): Promise<void> {
  const known = readTrust().keys.get(namespace) ?? []
  for (const key of withoutGate(keys, await hub.key())) if (!known.includes(key)) await trustKey(namespace, key)
  for (const key of before?.keys ?? []) if (!keys.includes(key) && known.includes(key)) await forgetKey(namespace, key)
  await rememberSerial(claimKey(namespace, hub), serial)
}
