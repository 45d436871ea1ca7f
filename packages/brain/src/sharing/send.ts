import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import type { PushStatement } from "@open-brains/core/commons/statement.ts"
import { rememberSerial } from "../keys/trust.ts"
import type { Place } from "../registry/open.ts"
import { mineIfThere } from "../store/mine.ts"
import { copyArtifact } from "./copy.ts"
import { putSignature, serialKey } from "./signatures.ts"

/** The files of the module, from the store of whoever sends it: a hub keeps what no tag names for an hour. */
export async function sendAgain({ registry }: Place, { module, artifact }: PushStatement): Promise<void> {
  const repository = repositoryOf(module)
  const mine = await mineIfThere()
  if (mine && (await mine.resolve(repository, artifact)) !== undefined)
    await copyArtifact(mine, registry, repository, artifact)
}

/** What this person keeps of a push that a hub took: its number, and the signatures beside the module, if it is in the store. */
export async function rememberPush({ registry }: Place, statement: PushStatement, envelope: Uint8Array): Promise<void> {
  const repository = repositoryOf(statement.module)
  await rememberSerial(serialKey(registry, repository, statement.tag), statement.serial)
  const mine = await mineIfThere()
  const subject = await mine?.resolve(repository, statement.artifact)
  if (mine && subject) await putSignature(mine, repository, envelope, subject)
}
