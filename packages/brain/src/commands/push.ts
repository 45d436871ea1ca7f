import { shortKey } from "../keys/keys.ts"
import { counted, inBytes, shorten } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { describeCard, rowsWith, sayingBytes, shortDigest } from "../sharing/describe.ts"
import { type PushOptions, push as pushModule } from "../sharing/push.ts"
import { tellUnsigned } from "./key.ts"

/** `brain push FOLDER NAME`: others can have it, and see who it is from. */
export async function push(
  folder: string,
  name: string,
  { json = false, ...options }: PushOptions & { readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const pushed = await pushModule(folder, name, { ...options, onBytes: sayingBytes(services, "Sending") })
  services.progress(undefined)
  const { artifact, card, copied, signers, serial, place, is, candidate, uses } = pushed
  if (json) {
    services.print(
      JSON.stringify({
        name: pushed.name,
        artifact,
        place,
        is,
        candidate,
        serial,
        ...copied,
        card,
        uses,
        keys: signers.map(({ name, key }) => ({ name, key })),
      }),
    )
    return 0
  }
  const row = rowsWith(services)
  services.print(`${services.paint("bold", pushed.name)}  ${shorten(card.about, 80)}`)
  row("artifact", artifact)
  describeCard(card, pushed.files, row)
  const there = copied.kept > 0 ? `; ${inBytes(copied.kept)} ${copied.kept === 1 ? "was" : "were"} there already` : ""
  row("sent", `${inBytes(copied.sent)} to ${place}${there}`)
  for (const each of uses) row("along", each)
  if (signers.length > 0)
    row("signed", signers.map(({ name, key }) => `by ${shortKey(key)}, your key ${name}`).join("; "))
  if (is === "unsigned")
    tellUnsigned(options.unsigned!, services, `${pushed.name} moves at ${place} when its owners have signed that.`)
  else if (is === "same") services.print(`${pushed.name} stood for it already; nothing changed.`)
  else if (is === "moved")
    services.print(
      `${pushed.name} stands for ${shortDigest(artifact)} from now on${serial > 0 ? `, after ${counted(serial, "push", "pushes")}` : ""}.`,
    )
  else
    services.print(
      `${pushed.name} is used by others: the push is candidate ${shorten(candidate ?? "", 80)}, and the tag stays as it is: this hub does not yet run the gate that would move it.`,
    )
  return 0
}
