import { existsSync } from "node:fs"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Command } from "commander"
import type { TeachScribeArguments } from "./commands/teach_scribe.ts"
import { NONE } from "./scribe/find.ts"
import type { ExitCode, Services } from "./services.ts"

/** Options of `teach` that are of nets. */
const OF_NETS = "test base name about licence text label wrongCosts seed maxSize svg replace offline".split(" ")

/**
 * What `brain teach` does where its first word names a scribe; nothing where it does not. Misuse: options of nets, and nets
 * without --into. Errors: OB801 when it names none and has options that are of scribes, OB807.
 */
export async function teachScribeIf(
  words: readonly string[],
  options: TeachScribeArguments,
  command: Command,
  services: Services,
): Promise<ExitCode | undefined> {
  const [word = "", ...texts] = words
  const isNone = word === NONE && !existsSync(NONE)
  if (!isNone && (await (await import("./scribe/find.ts")).findScribe(word)) === undefined) {
    if (options.memory !== undefined) await (await import("./scribe/find.ts")).needScribe(word)
    // `teach NAME TEXT` means a scribe, and is told so where nothing of that name is there.
    if (options.into === undefined && texts.length > 0 && /^[\w/-]+$/.test(word) && !existsSync(word))
      await (await import("./scribe/find.ts")).needScribe(word)
    if (options.into === undefined) command.error("error: required option '--into <folder>' not specified")
    await refuseScribeAt(options.into!)
    return undefined
  }
  const stray = OF_NETS.find((name) => command.getOptionValueSource(name) === "cli")
  if (stray !== undefined)
    command.error(
      `error: ${word} is a scribe, and \`--${stray.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}\` is of nets.`,
    )
  return (await import("./commands/teach_scribe.ts")).teachScribe(word, texts, options, services)
}

/** A net would take the place of a scribe, and of all that it was taught. Errors: OB807. */
async function refuseScribeAt(into: string): Promise<void> {
  if (!existsSync(into) || (await (await import("./scribe/find.ts")).findScribe(into)) === undefined) return
  refuse({
    code: "OB807",
    seen: `${into} is a scribe, and a net was to go there.`,
    hint: `Choose another folder for the net, or move the scribe away. To teach the scribe texts: brain teach ${into} notes.txt`,
  })
}
