/** A Web Worker: answers what it is asked. What fails goes unhandled, and so to the console, where the test sees it. */
import { answersOf, type Questions } from "./browser_answers.ts"

addEventListener("message", async ({ data }: MessageEvent<Questions>) => {
  postMessage(await answersOf(data))
})
