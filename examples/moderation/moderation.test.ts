import { compose, explain, load, score } from "open-brains"
import { expect, onTestFinished, test } from "vitest"
import { ownExamples } from "../../packages/brain/src/examples.ts"
import { brain as command } from "../../packages/brain/src/testing/command.ts"

const TONE = `${import.meta.dirname}/tone`

test("each verdict comes with its reason", async () => {
  const brain = await compose(import.meta.dirname)
  onTestFinished(() => brain.close())
  const unknown = "I know no tone like this, with no marks: a person should read it."
  const asked: Readonly<Record<string, readonly [verdict: string | undefined, reason: string]>> = {
    "Thanks for the tip, it runs now!": ["publish", "It reads as friendly, with no marks."],
    "What a lovely robot, congratulations": ["publish", "It reads as friendly, with no marks."],
    "The display is broken and nobody answers my ticket": ["publish", "It reads as complaint, with no marks."],
    "THANKS FOR THE LOVELY PICTURES, GREAT WORK": ["hold", "It reads as friendly, with shouting."],
    "Thank you, I put the drawing at www.gears.example": [undefined, "It reads as friendly, with a link."],
    "You are a stupid clown": ["hold", "It reads as insult, with no marks."],
    "Shut up, you idiot": ["hold", "It reads as insult, with no marks."],
    "Buy cheap drones in our shop, 50% off today": ["hold", "It reads as advert, with no marks."],
    "Free shipping only this week, order now at www.shop.example": ["hold", "It reads as advert, with a link."],
    "Ik heb twee katten": [undefined, unknown],
    "3.14159": [undefined, unknown],
    "if (x) return y": [undefined, unknown],
  }
  for (const [message, wanted] of Object.entries(asked)) {
    const { verdict, reason } = (await brain.ask(message)).outputs
    expect([message, verdict, reason]).toEqual([message, expect.objectContaining({ label: wanted[0] }), wanted[1]])
  }
})

test("the tone of messages that it had not seen: two of three are right, and few are answered wrongly", async () => {
  const tone = await load(TONE)
  const heldOut = ownExamples(tone.files)!.filter(({ split }) => split === "test")
  const { examples, accuracy, withThreshold } = score(tone, heldOut)
  expect(examples).toBe(44)
  expect(accuracy).toBeGreaterThan(2 / 3) // measured: 0.70
  expect(withThreshold.answeredWrong).toBeLessThanOrEqual(0.05)
  expect(withThreshold.refused).toBe(1) // the four that fit none
  expect(tone.files.parts["weights.safetensors"]!.length).toBeLessThanOrEqual(30_000)
})

test("its answers are explained: a word of insult speaks for insult", async () => {
  const found = explain(await load(TONE), "you are an idiot")
  expect(found.label).toBe("insult")
  const idiot = found.words.find(({ text }) => text === "idiot")!
  expect(idiot.contributions[0]).toBeGreaterThan(0)
})

test("brain check and brain fmt --check have nothing to say", async () => {
  expect(await command(["check", import.meta.dirname])).toMatchObject({ code: 0, err: "" })
  expect(await command(["fmt", "--check", import.meta.dirname])).toMatchObject({ code: 0, out: "Nothing to change." })
})
