import type { Card } from "@open-brains/core/commons/card.ts"
import { printReference } from "@open-brains/core/commons/reference.ts"
import { counted, inBytes, shorten } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { type Added, type AddOptions, look, type Offer, pull as pullModule, take } from "../sharing/add.ts"
import { describeCard, rowsWith, sayingBytes, shortDigest } from "../sharing/describe.ts"
import { pin } from "../sharing/pin.ts"
import { describeSigned } from "../sharing/signatures.ts"
import { agrees } from "./agree.ts"

interface Options extends AddOptions {
  readonly json?: boolean
  readonly yes?: boolean
  readonly brain?: string
}

const STOPPED = "Stopped. Run it again: what has arrived is not fetched twice."

/** `brain add NAME`: looks at a module of a place, says what it is and who signed it, and takes it. */
export async function add(name: string, options: Options, services: Services): Promise<ExitCode> {
  const { json = false, yes = false, brain } = options
  const offer = await look(name, options)
  if (!json) tellOffer(offer, services)
  if (!json && !yes && services.isTerminal && !(await agrees("Take it? [y/N] ", services))) {
    services.print("Nothing was taken.")
    return 0
  }
  services.whenStopped(STOPPED)
  const added = await take(offer, sayingBytes(services, "Fetching"))
  services.progress(undefined)
  const pinned = brain === undefined ? undefined : await pin(brain, offer.reference, added.artifact, offer.tag)
  if (json) {
    services.print(JSON.stringify({ ...asJson(added), ...(pinned ? { lock: pinned.lock, pinned: pinned.uses } : {}) }))
    return 0
  }
  tellTaken(added, services)
  if (pinned) services.print(`${pinned.lock} keeps to it: ${pinned.uses.map((use) => `\`${use}\``).join(", ")}.`)
  else for (const line of usesOf(printReference(offer.reference), added.card.kind)) services.print(line)
  return 0
}

/** `brain pull NAME --into FOLDER`: a module of a place as a folder of one's own. */
export async function pull(
  name: string,
  { into, json = false, ...options }: AddOptions & { readonly into: string; readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  services.whenStopped(STOPPED)
  const onBytes = sayingBytes(services, "Fetching")
  const onOffer = json ? undefined : (offer: Offer) => tellOffer(offer, services)
  const added = await pullModule(name, into, { ...options, onBytes, onOffer })
  services.progress(undefined)
  if (json) services.print(JSON.stringify({ ...asJson(added), into }))
  else {
    tellTaken(added, services)
    services.print(`It is yours in ${into}.`)
  }
  return 0
}

/** What a module says of itself, and who signed it. */
export function tellOffer(
  { reference, tag, digest, card, artifact, signed, uses, place }: Offer,
  services: Services,
): void {
  const row = rowsWith(services)
  const { namespace, name } = reference
  const shown = printReference({ namespace, name, ...(tag === undefined ? {} : { tag }) })
  services.print(`${services.paint("bold", shown)}  ${shorten(card.about, 80)}`)
  row("artifact", digest)
  describeCard(card, artifact.files.length, row)
  for (const used of uses)
    row("uses", `${used.repository} ${shortDigest(used.digest)}, ${used.card.kind}, ${shorten(used.card.licence, 40)}`)
  row("from", place.registry.place)
  row("signed", signed ? describeSigned(signed) : "by nobody; its digest is what you asked for")
}
function tellTaken({ name, copied, uses }: Added, { print }: Services): void {
  const along = uses.length > 0 ? `, with ${counted(uses.length, "module")} that it uses` : ""
  print(
    `${shorten(name, 200)} is in your store${along}: ${inBytes(copied.sent)} fetched, ${inBytes(copied.kept)} there already.`,
  )
}
const asJson = ({ name, artifact, card, copied, signed, uses }: Added): Readonly<Record<string, unknown>> => ({
  name,
  artifact,
  card,
  fetched: copied.sent,
  kept: copied.kept,
  signed: signed ? { keys: signed.signers, is: signed.is, serial: signed.statement.serial } : null,
  uses,
})

/** What it is good for, by its kind. */
function usesOf(name: string, kind: Card["kind"]): readonly string[] {
  const quoted = JSON.stringify(name)
  if (kind === "benchmark")
    return [`Let a brain live by it: benchmark ${quoted}`, `Measure by it: brain compare OLD NEW --on ${name}`]
  if (kind === "dataset") return []
  if (kind === "predictor")
    return [`Teach it texts, in a copy of your own: brain teach ${name} notes.txt --into FOLDER`]
  return [`Ask it: brain ask ${name} "a message"`, `Use it in a brain: use NAME from ${quoted}`]
}
