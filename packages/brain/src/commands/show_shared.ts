import { refuse } from "@open-brains/core/base/problem.ts"
import { parseReference, printReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import { shortKey } from "../keys/keys.ts"
import { shorten } from "../layout.ts"
import type { PlaceOptions } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { look } from "../sharing/add.ts"
import { lookAt } from "../sharing/copy.ts"
import { describeCard, rowsWith, shortDigest } from "../sharing/describe.ts"
import { pushesOf } from "../sharing/signatures.ts"
import { artifactNamed, openMine } from "../store/mine.ts"
import { tellOffer } from "./add.ts"

/** `brain show NAME`: a module of the person's store, or with `--from` of another place. */
export async function showShared(
  name: string,
  { from, json = false, ...options }: PlaceOptions & { readonly from?: string; readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  if (from !== undefined) {
    const offer = await look(name, { ...options, from })
    const { tag, digest, card, signed } = offer
    if (json) services.print(JSON.stringify({ name, tag, artifact: digest, card, signers: signed?.signers ?? [] }))
    else tellOffer(offer, services)
    return 0
  }
  const reference = parseReference(name)
  const repository = repositoryOf(reference)
  const mine = await openMine()
  const digest =
    (await artifactNamed(mine, reference)) ??
    refuse({
      code: "OB712",
      seen: `There is no module ${printReference(reference)} in your store.`,
      hint: `Look elsewhere: brain show ${name} --from PLACE. Or take it: brain add ${name} --from PLACE`,
    })
  const { artifact, card } = await lookAt(mine, repository, digest)
  const signed = await pushesOf(mine, repository, digest)
  const signers = [...new Set(signed.flatMap(({ signers }) => signers))]
  if (json) {
    services.print(JSON.stringify({ name, artifact: digest, card, signers }))
    return 0
  }
  const row = rowsWith(services)
  services.print(`${services.paint("bold", printReference(reference))}  ${shorten(card.about, 80)}`)
  row("artifact", digest)
  describeCard(card, artifact.files.length, row)
  for (const used of card.uses) row("uses", `${used.name} ${shortDigest(used.artifact)}`)
  row("signed", signers.length > 0 ? `by ${signers.map(shortKey).join(", ")}` : "by nobody")
  return 0
}
