import { existsSync } from "node:fs"
import { readReference } from "@open-brains/core/commons/reference.ts"
import { type Command, InvalidArgumentError, Option } from "commander"
import type { ExitCode, Services } from "./services.ts"

type Run = (work: () => Promise<ExitCode>) => Promise<void>

const json = (): Option => new Option("--json", "print JSON, for programs")
const insecure = (): Option => new Option("--insecure", "speak plain http also to other machines")
const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]
const keys = (): Option =>
  new Option("--key <name>", "which of your keys signs; named again, another one signs too").argParser(several)
const unsigned = (what: string): Option =>
  new Option("--unsigned <file>", `write what others are to sign into a file; ${what}`).conflicts(["key", "passes"])
const from = (): Option => new Option("--from <place>", "a folder, a registry or a hub (default: BRAIN_HUB)")

/** `brain show MODULE`: a folder, else a name. */
export function registerShow(program: Command, run: Run, services: Services): void {
  program
    .command("show")
    .description("what a module takes, gives and is made of")
    .argument("<module>", "folder of the module, or its name in your store: acme/intent")
    .addOption(new Option("--from <place>", "look at it in a folder, a registry or a hub"))
    .addOption(insecure())
    .addOption(json())
    .action((path, { insecure: isInsecure, from, ...options }) =>
      run(async () => {
        const isNamed = path.includes("/") && !existsSync(path)
        const scribe =
          from !== undefined || isNamed ? undefined : await (await import("./scribe/find.ts")).findScribe(path)
        if (scribe) return (await import("./commands/show_scribe.ts")).showScribe(path, scribe, options, services)
        return from !== undefined || (readReference(path) !== undefined && !existsSync(path))
          ? (await import("./commands/show_shared.ts")).showShared(path, { ...options, from, isInsecure }, services)
          : (await import("./commands/show.ts")).show(path, options, services)
      }),
    )
}

/** The commands by which people share modules: keys, pushing, and taking what others pushed. */
export function registerSharing(program: Command, run: Run, services: Services): void {
  registerKeys(program, run, services)
  program
    .command("push")
    .description("give others a module: its files and who signed them, to a folder, a registry or a hub")
    .argument("<folder>", "a module, or a file .brain")
    .argument("<name>", "what it is called there: acme/intent or acme/intent:beta (default: edge)")
    .option("--to <place>", "where to, beside your own store: a folder, or https://… (default: BRAIN_HUB)")
    .addOption(keys())
    .addOption(unsigned("moves no tag of the hub yet"))
    .addOption(
      new Option("--with-uses", "send also what it uses, where that is yours and the hub does not have it").conflicts(
        "unsigned",
      ),
    )
    .option("--target <benchmark>", "what it is to be better at, if it has to pass the gate")
    .option(
      "--passes <benchmarks...>",
      "run these here, and sign that it passes them; one that it fails refuses the push",
    )
    .option("--simpler", "it claims no more than to be as good with 5 % less of bytes, operations or memory")
    .option("--wait", "if it has to pass the gate, until that has decided")
    .addOption(insecure())
    .addOption(json())
    .action((folder, name, { simpler: isSimpler, insecure: isInsecure, ...options }) =>
      run(async () =>
        (await import("./commands/push.ts")).push(folder, name, { ...options, isSimpler, isInsecure }, services),
      ),
    )
  program
    .command("add")
    .description("take a module of others into your store: what it is, who signed it, and all that it uses")
    .argument("<name>", "acme/intent, acme/intent:beta or acme/intent@sha256:…")
    .addOption(from())
    .option("--brain <file>", "keep that brain to this module, in its lock")
    .option("--yes", "do not ask")
    .addOption(insecure())
    .addOption(json())
    .action((name, { insecure: isInsecure, ...options }) =>
      run(async () => (await import("./commands/add.ts")).add(name, { ...options, isInsecure }, services)),
    )
  program
    .command("pull")
    .description("take a module of others, and write it as a folder of your own")
    .argument("<name>", "acme/intent, acme/intent:beta or acme/intent@sha256:…")
    .requiredOption("--into <folder>", "a folder that is not there yet")
    .addOption(from())
    .addOption(insecure())
    .addOption(json())
    .action((name, { insecure: isInsecure, ...options }) =>
      run(async () => (await import("./commands/add.ts")).pull(name, { ...options, isInsecure }, services)),
    )
  program
    .command("list")
    .description("modules in your store, or in another place")
    .addOption(new Option("--from <place>", "a folder, a registry or a hub (default: your store)"))
    .addOption(insecure())
    .addOption(json())
    .action(({ insecure: isInsecure, ...options }) =>
      run(async () => (await import("./commands/list.ts")).list({ ...options, isInsecure }, services)),
    )
  program
    .command("rm")
    .description("take a name out of your store, and the room that nothing needs any more")
    .argument("<name>", "acme/intent, for all its tags, or acme/intent:beta")
    .addOption(new Option("--from <place>", "take it out of another place (default: your store)"))
    .option("--force", "also where something in your store uses it")
    .addOption(insecure())
    .addOption(json())
    .action((name, { insecure: isInsecure, ...options }) =>
      run(async () => (await import("./commands/remove.ts")).remove(name, { ...options, isInsecure }, services)),
    )
  program
    .command("search")
    .description("look for modules in a hub")
    .argument("<words...>", "words of their names and of what they are about")
    .addOption(new Option("--from <hub>", "address of the hub (default: BRAIN_HUB)"))
    .addOption(insecure())
    .addOption(json())
    .action((words, { insecure: isInsecure, ...options }) =>
      run(async () => (await import("./commands/search.ts")).search(words, { ...options, isInsecure }, services)),
    )
}

function registerKeys(program: Command, run: Run, services: Services): void {
  const key = program.command("key").description("keys that sign what you push, and keys of others that you trust")
  const load = () => import("./commands/key.ts")
  key
    .command("new")
    .description("make a key, for you alone")
    .argument("[name]", "what you call it (default: me)")
    .addOption(json())
    .action((name, options) => run(async () => (await load()).makeKey(name, options, services)))
  key
    .command("list", { isDefault: true })
    .description("your keys, and those that you trust")
    .addOption(json())
    .action((options) => run(async () => (await load()).listKeys(options, services)))
  key
    .command("show")
    .description("the public half of a key of yours: what others know you by")
    .argument("[name]", "which one")
    .addOption(json())
    .action((name, options) => run(async () => (await load()).showKey(name, options, services)))
  key
    .command("trust")
    .description("take what a key signs for a namespace")
    .argument("<namespace>", "what stands before the slash of a module's name")
    .argument("<key>", "ed25519:…")
    .addOption(json())
    .action((namespace, text, options) => run(async () => (await load()).trust(namespace, text, options, services)))
  key
    .command("forget")
    .description("do not take any more what a key signs for a namespace")
    .argument("<namespace>", "what stands before the slash of a module's name")
    .argument("<key>", "ed25519:…")
    .addOption(json())
    .action((namespace, text, options) => run(async () => (await load()).forget(namespace, text, options, services)))
  key
    .command("claim")
    .description("make a namespace of a hub yours, or change whose keys speak for it")
    .argument("<namespace>", "what stands before the slash of a module's name")
    .option("--to <hub>", "address of the hub (default: BRAIN_HUB)")
    .addOption(keys())
    .addOption(
      new Option(
        "--with <key>",
        "a key that speaks for it from now on, ed25519:…, or yours by its name; name all of them (default: those that sign)",
      ).argParser(several),
    )
    .addOption(
      new Option("--threshold <n>", "so many of them must sign (default: as before, else 1)").argParser(thresholdIn),
    )
    .option(
      "--open",
      "let the hub's gate speak for it too: strangers may move what others build on, where they prove it",
    )
    .option("--no-open", "the gate speaks for it no more")
    .addOption(unsigned("claims nothing yet"))
    .addOption(insecure())
    .addOption(json())
    .action((namespace, options) => run(async () => (await load()).claim(namespace, options, services)))
  key
    .command("sign")
    .description("sign what --unsigned wrote: a push, or who speaks for a namespace")
    .argument("<file>", "it says what you sign, and on a terminal asks")
    .addOption(keys())
    .option("--yes", "do not ask")
    .addOption(json())
    .action((file, options) => run(async () => (await load()).sign(file, options, services)))
  key
    .command("send")
    .description("hand a hub what enough have signed")
    .argument("<file>", "what --unsigned wrote, signed")
    .option("--to <hub>", "address of the hub (default: BRAIN_HUB)")
    .addOption(insecure())
    .addOption(json())
    .action((file, options) => run(async () => (await load()).send(file, options, services)))
}

function thresholdIn(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text)
  throw new InvalidArgumentError("It takes a whole number from 1.")
}
