/** A Web Worker: answers what it is asked, or says what failed. */
import { answersOf, type BrowserAnswers, type Questions } from "./browser_answers.ts"

export type Reply = { readonly answers: BrowserAnswers } | { readonly failed: string }

addEventListener("message", async ({ data }: MessageEvent<Questions>) => {
  const reply: Promise<Reply> = answersOf(data).then(
    (answers) => ({ answers }),
    (error: unknown) => ({ failed: String(error) }),
  )
  postMessage(await reply)
})
