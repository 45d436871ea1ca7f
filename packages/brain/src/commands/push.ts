import { shortKey } from "../keys/keys.ts"
import { counted, inBytes, shorten } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { describeCard, rowsWith, sayingBytes, shortDigest } from "../sharing/describe.ts"
import { type PushOptions, push as pushModule } from "../sharing/push.ts"

/** `brain push FOLDER NAME`: others can have it, and see who it is from. */
export async function push(
  folder: string,
  name: string,
  { json = false, ...options }: PushOptions & { readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const pushed = await pushModule(folder, name, {
    ...options,
    onBytes: sayingBytes(services, "Sending"),
    onItem(benchmark, done, count) {
      if (done % 64 === 0) services.progress(`Asking ${shorten(benchmark, 40)}: ${done} of ${counted(count, "item")}`)
    },
  })
  services.progress(undefined)
  const { artifact, card, copied, signer, serial, place, is, candidate, passes } = pushed
  if (json) {
    const { name, key } = signer
    services.print(
      JSON.stringify({
        name: pushed.name,
        artifact,
        place,
        is,
        candidate,
        serial,
        ...copied,
        passes: passes.map(({ benchmark, artifact, score, bound, statement }) => ({
          ...{ benchmark, artifact, score, bound, items: statement.items.count },
        })),
        card,
        key: { name, key },
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
  row("signed", `by ${shortKey(signer.key)}, your key ${signer.name}`)
  for (const { benchmark, score, bound, statement } of passes)
    row(
      "passes",
      `${benchmark}: ${score.toFixed(3)} of ${counted(statement.items.count, "item")}, ${bound} passes; signed`,
    )
  if (is === "same") services.print(`${pushed.name} stood for it already; nothing changed.`)
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
