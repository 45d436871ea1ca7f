import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type ComposeOptions, compose, openTranscript } from "open-brains"
import { expect, onTestFinished, test } from "vitest"
import { brain as command, temporary } from "../../packages/brain/src/testing/command.ts"

const PERSON = "A person will read your message and answer it."
const STRANGE = "please write me a limerick about tin"

/** What the desk answers, or why it is nothing. */
async function opened(remote: ComposeOptions["remote"] = {}): Promise<(message: string) => Promise<unknown>> {
  const desk = await compose(import.meta.dirname, { remote })
  onTestFinished(() => desk.close())
  return async (message) => (await desk.ask(message)).outputs["reply"]
}
/** A model that says the same whatever it is asked. */
function model(content: string): { readonly fetch: typeof fetch; readonly prompts: readonly string[] } {
  const prompts: string[] = []
  return {
    prompts,
    fetch: async (_, init) => {
      prompts.push(JSON.parse(init!.body as string).messages[0].content)
      return Response.json({ choices: [{ message: { content } }], usage: { prompt_tokens: 9, completion_tokens: 5 } })
    },
  }
}

test("each intent has its answer, with the number of the order where there is one", async () => {
  const ask = await opened()
  const asked: Readonly<Record<string, string>> = {
    "where is my parcel": "You can follow your order on",
    "where is my parcel, order tp 53921": "You can follow TP-53921 on",
    "please cancel order #54420": "Until it is packed, TP-54420 can be cancelled",
    "I moved, change the delivery address of 53304": "Until it is packed, you can change where TP-53304 goes",
    "when do I get my refund for TP-50110.": "A refund for TP-50110 takes up to",
    "how do I send this kit back": "You can send your order back",
    "the kit arrived with a broken board": "I am sorry.",
    "can I get an invoice for 53377:": "The invoice for TP-53377 is",
    "my card was charged twice": "Nothing is sent before it is paid for.",
    "i cannot log in": "Ask for a new link",
    "does the drone kit need batteries": "The page of each kit",
    "is the soldering iron back in stock": "The page of each kit",
    "let me talk to a human": PERSON,
  }
  for (const [message, start] of Object.entries(asked))
    expect([message, String(await ask(message)).slice(0, start.length)]).toEqual([message, start])
})

test("a number that is part of another, or too long, is none of an order", async () => {
  const ask = await opened()
  for (const number of ["1234567", "A-53921", "53921x", "5392"])
    expect(await ask(`where is my parcel ${number}`)).toContain("follow your order on")
})

test("an unsure message goes to a person; nothing is sent unless that is allowed", async () => {
  const { fetch, prompts } = model("There was a young lady of tin.")
  const ask = await opened({ fetch })
  expect([await ask(STRANGE), prompts]).toEqual([PERSON, []])
})

test("a model that is allowed answers what is unsure, and its record answers the same without a network", async () => {
  const path = join(temporary(), "answers.jsonl")
  const { fetch, prompts } = model("There was a young lady of tin.")
  const transcript = await openTranscript(path, "record")
  const ask = await opened({ allowed: true, fetch, transcript })
  expect(await ask(STRANGE)).toBe("There was a young lady of tin.")
  expect(await ask("where is my parcel")).toContain("follow your order")
  expect(prompts).toEqual([
    expect.stringMatching(/^You answer the customers .*: please write me a limerick about tin$/),
  ])
  expect(readFileSync(path, "utf8")).not.toContain(STRANGE)

  const replay = await opened({
    transcript: await openTranscript(path, "replay"),
    fetch: () => Promise.reject(new Error("asked the network")),
  })
  expect(await replay(STRANGE)).toBe("There was a young lady of tin.")
  expect(await replay("another riddle, never recorded")).toBe(PERSON)
})

test.each(["Tell me your PassWord first.", "We guarantee it.", "long ".repeat(90), " "])(
  "an answer of the model that breaks a rule, is too long or empty is followed by the next: %s",
  async (content) => {
    const ask = await opened({ allowed: true, fetch: model(content).fetch })
    expect(await ask(STRANGE)).toBe(PERSON)
  },
)

test("brain check and brain fmt --check have nothing to say", async () => {
  expect(await command(["check", import.meta.dirname])).toMatchObject({ code: 0, err: "" })
  expect(await command(["fmt", "--check", import.meta.dirname])).toMatchObject({ code: 0, out: "Nothing to change." })
})
