import type { Context } from "../context.ts"
import { type Advancing, advance } from "./advance.ts"
import { openCandidates } from "./record.ts"

/** Takes open candidates on whenever something was pushed or measured, one step at a time. */
export interface Keeper {
  /** Something may go on now; nobody waits for it. */
  wake(): void
  /** This candidate goes as far as it can, and those that waited for it. */
  follow(candidate: number): Promise<void>
  close(): Promise<void>
}
/** What a process did not come to before it was killed, and what only time brings. */
const WAKE_EVERY_MS = 5000

export function openKeeper(context: Context, complain: (error: unknown) => void): Keeper {
  const advancing: Advancing = { kept: new Map() }
  let last: Promise<void> = Promise.resolve()
  let isAwake = false
  let isClosed = false
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.then(async () => {
      if (!isClosed) await work().catch(complain)
    })
    return last
  }
  async function goOn(id: number): Promise<void> {
    while (await advance(context, advancing, id));
  }
  async function goOnWithAll(): Promise<void> {
    isAwake = false
    for (const { id } of await openCandidates(context.database.read)) await goOn(id).catch(complain)
  }
  const wake = (): void => {
    if (isAwake) return
    isAwake = true
    void inTurn(goOnWithAll)
  }
  const timer = setInterval(wake, WAKE_EVERY_MS)
  timer.unref()
  wake()
  return {
    wake,
    follow: (id) =>
      inTurn(async () => {
        await goOn(id)
        const found = await context.database.read
          .selectFrom("candidate")
          .select("is_open")
          .where("id", "=", id)
          .executeTakeFirst()
        if (found?.is_open === 0) await goOnWithAll()
      }),
    async close() {
      isClosed = true
      clearInterval(timer)
      await last
    },
  }
}
