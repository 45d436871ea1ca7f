import { type PublicKey, parseEnvelope, type Signer, signersOf } from "@open-brains/core/commons/envelope.ts"
import { statementOf, TYPES } from "@open-brains/core/commons/statement.ts"
import { verify } from "../keys/keys.ts"
import type { Hub } from "../registry/hub.ts"

/**
 * The keys of a namespace, as a hub has them, where one that this person trusts for it has signed so; none where it has not. Who trusts nobody yet
 * takes what the hub says, as with the first key that is seen anywhere.
 */
export async function keysVouchedFor(
  hub: Hub,
  namespace: string,
  known: readonly PublicKey[],
): Promise<readonly PublicKey[]> {
  const bytes = await hub.ownership(namespace)
  if (bytes === undefined) return []
  const envelope = parseEnvelope(bytes)
  const statement = statementOf(envelope)
  if (statement.type !== TYPES.namespace || statement.namespace !== namespace) return []
  const signers = signersOf(envelope, verify)
  return known.length === 0 || signers.some((key) => known.includes(key)) ? statement.keys : []
}

/** Whether none of them owns the namespace, and its owners let the gate of the hub speak for it too: a hub of theirs signs what passes. */
export async function isStrangersTurn(hub: Hub, namespace: string, signers: readonly Signer[]): Promise<boolean> {
  const owner = await hub.owner(namespace)
  if (owner === undefined || signers.length === 0 || signers.some(({ key }) => owner.keys.includes(key))) return false
  return owner.threshold === 1 && owner.keys.includes(await hub.key())
}
