import { compose, load, readExamples } from "open-brains"
import { expect, onTestFinished, test } from "vitest"
import { ownExamples } from "../../packages/brain/src/examples.ts"
import { brain as command } from "../../packages/brain/src/testing/command.ts"

const TONE = `${import.meta.dirname}/tone`

async function opened(): Promise<(message: string) => Promise<readonly [verdict: string, reason: string]>> {
  const brain = await compose(import.meta.dirname)
  onTestFinished(() => brain.close())
  return async (message) => {
    const { verdict, reason } = (await brain.ask(message)).outputs
    return [(verdict as { readonly label: string | undefined }).label ?? "unsure", reason as string]
  }
}

test("a verdict comes with its reason", async () => {
  const ask = await opened()
  const asked: Readonly<Record<string, readonly [string, string]>> = {
    "Thanks for the tip, it runs now!": ["publish", "It reads as friendly, with no marks."],
  }
  const found = await Promise.all(Object.keys(asked).map(async (message) => [message, await ask(message)]))
  expect(Object.fromEntries(found)).toEqual(asked)
})
