import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import type { Descriptor } from "@open-brains/core/commons/artifact.ts"
import { type Signer, seal } from "@open-brains/core/commons/envelope.ts"
import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import { type PushStatement, printStatement } from "@open-brains/core/commons/statement.ts"
import type { Hub } from "../registry/hub.ts"
import type { Place } from "../registry/open.ts"
import type { Layout } from "../store/layout.ts"
import { tooFew } from "./claim.ts"
import { putSignature } from "./signatures.ts"

export type Moved = { readonly is: "moved" } | { readonly is: "candidate"; readonly candidate: string }

/** The statement, signed; then the tag, which is last: one that was interrupted before is run again. */
export async function move(
  { registry, hub }: Place,
  mine: Layout,
  statement: PushStatement,
  {
    subject,
    signers,
    manifest,
    card,
  }: {
    readonly subject: Descriptor
    readonly signers: readonly Signer[]
    readonly manifest: Uint8Array
    /** A hub that has neither gets both along with the statement. */
    readonly card?: Uint8Array
  },
): Promise<Moved> {
  const envelope = seal(printStatement(statement), signers)
  const repository = repositoryOf(statement.module)
  if (hub !== undefined) {
    const answer = await hub
      .push(card ? { manifest, card, envelope } : envelope)
      .catch((error: unknown) => explained(error, statement, hub))
    await putSignature(mine, repository, envelope, subject)
    return answer.is === "moved" ? answer : { is: "candidate", candidate: answer.id }
  }
  for (const each of registry === mine ? [mine] : [mine, registry])
    await putSignature(each, repository, envelope, subject)
  await registry.putManifest(repository, manifest, statement.tag)
  return { is: "moved" }
}

/** What a hub says of a namespace that nobody has claimed, or that more must sign for, with the commands that help. */
export function explained(error: unknown, { module }: PushStatement, { place }: Hub): never {
  const problem = error instanceof Refusal ? error.problems[0] : undefined
  if (problem?.code !== "OB731") throw tooFew(error, "brain push", module.namespace)
  return refuse({ ...problem, hint: `If it is to be yours: brain key claim ${module.namespace} --to ${place}` })
}
