import { refuse } from "@open-brains/core/base/problem.ts"
import { type PublicKey, parseEnvelope, type Signer, signersOf } from "@open-brains/core/commons/envelope.ts"
import { statementOf, TYPES } from "@open-brains/core/commons/statement.ts"
import { verify } from "../keys/keys.ts"
import type { Trust } from "../keys/trust.ts"
import type { Hub } from "../registry/hub.ts"

/** Whose a namespace is, as its owners signed it and a hub tells it. */
export interface Ownership {
  readonly keys: readonly PublicKey[]
  /** Those that are trusted from then on by whoever takes something. The hub's own is none: it speaks for the namespace as long as its owners say so. */
  readonly kept: readonly PublicKey[]
  readonly serial: number
}
/** Where trust keeps the number of the newest statement of a namespace that was seen at a place. */
export const claimKey = (namespace: string, { place }: Pick<Hub, "place">): string => `${namespace}/ ${place}`

/**
 * The keys of a namespace, as a hub has them, where one that this person trusts for it has signed so; nothing where it has not. Who trusts nobody yet
 * takes what the hub says, as with the first key that is seen anywhere. The hub's own key, which owners may have let speak for them, vouches for nobody: else
 * a hub could give the namespace away. Errors: OB729 when a newer statement was seen there.
 */
export async function ownershipOf(hub: Hub, namespace: string, trust: Trust): Promise<Ownership | undefined> {
  const bytes = await hub.ownership(namespace)
  if (bytes === undefined) return undefined
  const envelope = parseEnvelope(bytes)
  const statement = statementOf(envelope)
  if (statement.type !== TYPES.namespace || statement.namespace !== namespace) return undefined
  const { keys, serial } = statement
  const gate = await hub.key()
  const known = trust.keys.get(namespace) ?? []
  const signers = signersOf(envelope, verify)
  if (known.length > 0 && !signers.some((key) => known.includes(key) && key !== gate)) return undefined
  const seen = trust.serials.get(claimKey(namespace, hub)) ?? 0
  if (serial < seen)
    refuse({
      code: "OB729",
      seen: `${hub.place} gives an older statement of whose ${namespace} is than it did: number ${serial}, after number ${seen}.`,
      hint: `It may bring back a key that was taken away. Ask ${namespace} in another way; to take the module all the same, name it by its digest.`,
    })
  return { keys, kept: withoutGate(keys, gate), serial }
}
/** Where nobody else is left it is the owner. */
export function withoutGate(keys: readonly PublicKey[], gate: PublicKey): readonly PublicKey[] {
  const others = keys.filter((key) => key !== gate)
  return others.length > 0 ? others : keys
}

/** Whether none of them owns the namespace, and its owners let the gate of the hub speak for it too: a hub of theirs signs what passes. */
export async function isStrangersTurn(hub: Hub, namespace: string, signers: readonly Signer[]): Promise<boolean> {
  const owner = await hub.owner(namespace)
  if (owner === undefined || signers.length === 0 || signers.some(({ key }) => owner.keys.includes(key))) return false
  return owner.threshold === 1 && owner.keys.includes(await hub.key())
}
