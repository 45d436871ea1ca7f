import type { CandidateView } from "@open-brains/core/commons/candidate.ts"
import { shortKey } from "../keys/keys.ts"
import { counted, inBytes, shorten } from "../layout.ts"
import { needHub, openPlace, usualPlace } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { describeCard, rowsWith, sayingBytes, shortDigest } from "../sharing/describe.ts"
import { type PushOptions, push as pushModule } from "../sharing/push.ts"
import { decided, exitCodeOf, linesOf, numberOf } from "./candidate.ts"
import { tellUnsigned } from "./key.ts"

/** `brain push FOLDER NAME`: others can have it, and see who it is from. */
export async function push(
  folder: string,
  name: string,
  { json = false, wait = false, ...options }: PushOptions & { readonly json?: boolean; readonly wait?: boolean },
  services: Services,
): Promise<ExitCode> {
  services.whenStopped("Stopped. Run it again: what has arrived is not sent twice.")
  const pushed = await pushModule(folder, name, {
    ...options,
    onBytes: sayingBytes(services, "Sending"),
    onItem(benchmark, done, count) {
      if (done % 64 === 0) services.progress(`Asking ${shorten(benchmark, 40)}: ${done} of ${counted(count, "item")}`)
    },
  })
  services.progress(undefined)
  const { artifact, card, copied, signers, serial, place, is, candidate, passes, uses } = pushed
  const judged = async (): Promise<CandidateView | undefined> => {
    if (is !== "candidate" || !wait) return undefined
    const hub = needHub(await openPlace(place, { isInsecure: options.isInsecure === true }), "judge candidates")
    return decided(hub, numberOf(candidate, place), services)
  }
  if (json) {
    const view = await judged()
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
        uses,
        keys: signers.map(({ name, key }) => ({ name, key })),
        ...(view ? { view } : {}),
      }),
    )
    return view ? exitCodeOf(view) : 0
  }
  const row = rowsWith(services)
  services.print(`${services.paint("bold", pushed.name)}  ${shorten(card.about, 80)}`)
  row("artifact", artifact)
  describeCard(card, pushed.files, row)
  const isHere = options.to === undefined && usualPlace() === undefined
  const there = copied.kept > 0 ? `; ${inBytes(copied.kept)} ${copied.kept === 1 ? "was" : "were"} there already` : ""
  row("sent", isHere ? `nowhere: it is in your store alone, ${place}` : `${inBytes(copied.sent)} to ${place}${there}`)
  for (const each of uses) row("along", each)
  if (signers.length > 0)
    row("signed", signers.map(({ name, key }) => `by ${shortKey(key)}, your key ${name}`).join("; "))
  for (const { benchmark, score, bound, statement } of passes)
    row(
      "passes",
      `${benchmark}: ${score.toFixed(3)} of ${counted(statement.items.count, "item")}, ${bound} passes; signed`,
    )
  if (is === "unsigned")
    tellUnsigned(options.unsigned!, services, `${pushed.name} moves at ${place} when its owners have signed that.`)
  else if (is === "same") services.print(`${pushed.name} stood for it already; nothing changed.`)
  else if (is === "moved")
    services.print(
      `${pushed.name} stands for ${shortDigest(artifact)} from now on${serial > 0 ? `, after ${counted(serial, "push", "pushes")}` : ""}.`,
    )
  else {
    services.print(
      `${pushed.name} is used by others: the push is candidate ${shorten(candidate ?? "", 80)}, and the gate decides.`,
    )
    const view = await judged()
    if (view === undefined)
      services.print(`See how it goes: brain candidate ${shorten(candidate ?? "", 80)} --from ${place}`)
    else for (const line of linesOf(view, services)) services.print(line)
    return view ? exitCodeOf(view) : 0
  }
  if (isHere) services.print("Nobody else has it yet: name a place, --to FOLDER or --to https://…, or set BRAIN_HUB.")
  return 0
}
