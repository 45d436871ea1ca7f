import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { chromium } from "playwright-core"
import { expect, onTestFinished, test } from "vitest"
import { findProgram, missingProgram, requireOrSkip } from "../../../scripts/testing.ts"
import { explain } from "./explain.ts"
import { printExplanationPage } from "./explanation_page.ts"
import { teachModule } from "./teach.ts"
import { temporary } from "./testing/command.ts"
import { MESSAGES } from "./testing/lesson.ts"

const EVIL = `"><script>document.title='run'</script><img src=https://example.org/x onerror="document.title='run'">`

test("a browser shows the page as it was meant, asks nobody, and runs nothing that a text brought along", {
  timeout: 60_000,
}, async (context) => {
  requireOrSkip(context, missingProgram("chromium"))
  const folder = temporary()
  const examples = MESSAGES.map(({ text, label, split }) => ({
    text: `${text} ${EVIL}`,
    label: label && `${label} ${EVIL}`,
    split,
  }))
  const recipe = { epochs: 8, buckets: 256, dims: 8 }
  const { brain } = await teachModule({ examples, into: join(folder, "x"), name: "x", recipe })
  const text = `where is <b>my</b>  parcel 📦 ${EVIL}`
  const found = explain(brain, text)
  const file = join(folder, "why.html")
  writeFileSync(file, printExplanationPage(found, "x"))

  const browser = await chromium.launch({
    executablePath: findProgram("chromium")!,
    chromiumSandbox: false,
    args: ["--disable-gpu"],
  })
  onTestFinished(() => browser.close())
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({ colorScheme })
    const [asked, complaints]: [string[], string[]] = [[], []]
    page.on("request", (request) => asked.push(request.url()))
    page.on("console", (message) => complaints.push(message.text()))
    page.on("pageerror", (error) => complaints.push(error.message))
    await page.goto(pathToFileURL(file).href)
    expect([asked, complaints]).toEqual([[pathToFileURL(file).href], []])
    expect(await page.title()).toBe(`x: why ${found.label ?? "unsure"}`)
    expect(await page.locator("script, img, b > b").count()).toBe(0)
    expect(await page.locator(".text").first().textContent()).toBe(text)
    const words = page.locator(".text").first().locator(".word")
    expect(await words.allTextContents()).toEqual(found.words.map((word) => word.text))
    expect(await page.locator("table").last().locator("tbody tr").count()).toBe(found.rows.length)
    const loudest = found.words.reduce((a, b) =>
      Math.abs(b.contributions[0]!) > Math.abs(a.contributions[0]!) ? b : a,
    )
    const colourOf = (at: number): Promise<string> =>
      words.nth(at).evaluate((element) => getComputedStyle(element).backgroundColor)
    expect(await colourOf(found.words.indexOf(loudest))).not.toBe("rgba(0, 0, 0, 0)")
    const background = await page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    expect(background).toBe("light dark")
    await page.close()
  }
})
