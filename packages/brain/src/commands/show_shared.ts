import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { parseReference, printReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import { shortKey } from "../keys/keys.ts"
import { shorten } from "../layout.ts"
import type { HubPass } from "../registry/hub.ts"
import type { Place, PlaceOptions } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { look } from "../sharing/add.ts"
import { lookAt } from "../sharing/copy.ts"
import { describeCard, rowsWith, shortDigest } from "../sharing/describe.ts"
import { type NamedPass, namedPasses } from "../sharing/passes.ts"
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
    const { tag, digest, card, signed, place } = offer
    const passes = await passesAt(place, repositoryOf(offer.reference), digest)
    if (json)
      services.print(JSON.stringify({ name, tag, artifact: digest, card, signers: signed?.signers ?? [], ...passes }))
    else {
      tellOffer(offer, services)
      tellPasses(passes, services)
    }
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
  const passes = await namedPasses(mine, repository, digest)
  if (json) {
    services.print(JSON.stringify({ name, artifact: digest, card, signers, ...passes }))
    return 0
  }
  const row = rowsWith(services)
  services.print(`${services.paint("bold", printReference(reference))}  ${shorten(card.about, 80)}`)
  row("artifact", digest)
  describeCard(card, artifact.files.length, row)
  for (const used of card.uses) row("uses", `${used.name} ${shortDigest(used.artifact)}`)
  row("signed", signers.length > 0 ? `by ${signers.map(shortKey).join(", ")}` : "by nobody")
  tellPasses(passes, services)
  return 0
}

type Passes = Awaited<ReturnType<typeof namedPasses>>
async function passesAt({ registry, hub }: Place, repository: string, digest: Digest): Promise<Passes> {
  if (hub === undefined) return namedPasses(registry, repository, digest)
  const { passes, passedBy } = await hub.passes(parseReference(repository), digest)
  const named = ({ name, key }: HubPass): NamedPass => ({ name, keys: [key] })
  return { passes: passes.map(named), passedBy: passedBy.map(named) }
}
function tellPasses({ passes, passedBy }: Passes, services: Services): void {
  const row = rowsWith(services)
  const told = ({ name, score, keys }: NamedPass): string =>
    `${shorten(name, 80)}${score === undefined ? "" : `, ${score.toFixed(3)}`}, says ${keys.map(shortKey).join(", ")}`
  if (passes.length > 0) row("passes", passes.map(told).join("; "))
  if (passedBy.length > 0) row("passed by", passedBy.map(told).join("; "))
}
