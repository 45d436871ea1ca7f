import { refuse } from "@open-brains/core/base/problem.ts"
import { type PublicKey, printEnvelope } from "@open-brains/core/commons/envelope.ts"
import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import { keyFolder, keyNames, newKey, signerOf, signersNamed, USUAL_KEY } from "../keys/keys.ts"
import { forgetKey, needKey, needNamespace, readTrust, trustKey } from "../keys/trust.ts"
import { needHub, needHubPlace, openPlace } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { claim as claimNamespace, followClaim, tooFew } from "../sharing/claim.ts"
import { rememberPush, sendAgain } from "../sharing/send.ts"
import { describeStatement, readSignable, shortKeys, signFile } from "../sharing/statements.ts"
import { agrees } from "./agree.ts"

type Json = { readonly json?: boolean }
const tell = (services: Services, { json }: Json, data: unknown, lines: readonly string[]): ExitCode => {
  if (json) services.print(JSON.stringify(data))
  else for (const line of lines) services.print(line)
  return 0
}

/** `brain key new [NAME]` */
export async function makeKey(name: string | undefined, options: Json, services: Services): Promise<ExitCode> {
  const made = await newKey(name ?? USUAL_KEY)
  return tell(services, options, made, [
    `${made.key}`,
    `The key ${made.name} is in ${made.path}`,
    "Whoever has that file signs in your name; whoever loses it starts anew.",
    "Keep a copy, where nobody else looks.",
  ])
}

/** `brain key list`: one's own keys, and those that are trusted. */
export async function listKeys(options: Json, services: Services): Promise<ExitCode> {
  const mine = keyNames().map((name) => {
    const { key, path } = signerOf(name)
    return { name, key, path }
  })
  const trusted = Object.fromEntries([...readTrust().keys].sort(([a], [b]) => (a < b ? -1 : 1)))
  const lines = [
    ...(mine.length === 0 ? [`There is no key in ${keyFolder()} yet. Make one: brain key new`] : ["Yours:"]),
    ...mine.map(({ name, key }) => `  ${name.padEnd(12)} ${key}`),
    ...(Object.keys(trusted).length === 0 ? [] : ["Trusted for a namespace:"]),
    ...Object.entries(trusted).flatMap(([namespace, keys]) => keys.map((key) => `  ${namespace.padEnd(12)} ${key}`)),
  ]
  return tell(services, options, { mine, trusted }, lines)
}

/** `brain key show [NAME]` */
export async function showKey(name: string | undefined, options: Json, services: Services): Promise<ExitCode> {
  const { name: found, key, path } = signerOf(name)
  return tell(services, options, { name: found, key, path }, [key])
}

/** `brain key trust NAMESPACE KEY` */
export async function trust(namespace: string, text: string, options: Json, services: Services): Promise<ExitCode> {
  const key = needKey(text)
  await trustKey(needNamespace(namespace), key)
  return tell(services, options, { namespace, key }, [`What ${key} signs for ${namespace} is taken from now on.`])
}

/** `brain key forget NAMESPACE KEY` */
export async function forget(namespace: string, text: string, options: Json, services: Services): Promise<ExitCode> {
  const key = needKey(text)
  if (!(await forgetKey(needNamespace(namespace), key)))
    refuse({
      code: "OB723",
      seen: `${key} was not trusted for ${namespace}.`,
      hint: "See which are: brain key list",
    })
  return tell(services, options, { namespace, key }, [`${key} does not speak for ${namespace} any more.`])
}

interface ClaimCommandOptions extends Json {
  readonly to?: string
  readonly key?: readonly string[]
  readonly with?: readonly string[]
  readonly threshold?: number
  readonly open?: boolean
  readonly unsigned?: string
  readonly insecure?: boolean
}
/** `brain key claim NAMESPACE`: from now on that hub moves its tags by these keys alone. */
export async function claim(namespace: string, options: ClaimCommandOptions, services: Services): Promise<ExitCode> {
  needNamespace(namespace)
  const { key, threshold, unsigned } = options
  const place = await openPlace(needHubPlace(options.to, "--to"), { isInsecure: options.insecure === true })
  const hub = needHub(place, "know who owns a namespace")
  const { statement, signers, before } = await claimNamespace(hub, namespace, {
    ...(key ? { key } : {}),
    ...(options.with ? { with: options.with.map(keyOf) } : {}),
    ...(threshold === undefined ? {} : { threshold }),
    isOpen: options.open,
    ...(unsigned === undefined ? {} : { unsigned }),
  })
  if (unsigned !== undefined) {
    if (options.json) return tell(services, options, { statement, unsigned }, [])
    services.print(`${describeStatement(statement)}.`)
    return tellUnsigned(
      unsigned,
      services,
      `${hub.place} takes it when ${before ? `${before.threshold} of ${shortKeys(before.keys)}` : statement.threshold === 1 ? "the key" : `${statement.threshold} of the keys`} signed that.`,
    )
  }
  const { keys } = statement
  const what =
    keys.length === 1 && before === undefined
      ? `${namespace} is yours at ${hub.place}: your key ${signers[0]!.name} signs what is pushed there.`
      : options.open === true
        ? `At ${hub.place}, the hub's gate speaks for ${namespace} from now on, beside ${shortKeys(keys.slice(0, -1))} (claim number ${statement.serial}).`
        : `At ${hub.place}, ${describeStatement(statement)}.`
  const told =
    options.open === true
      ? [what, "A stranger, too, moves a stable that others build on, if the gate accepts the candidate."]
      : [what]
  return tell(services, options, { ...statement, hub: hub.place, signers: signers.map((each) => each.key) }, told)
}
/** A key as it is written, or one's own by its name. */
const keyOf = (text: string): PublicKey => (keyNames().includes(text) ? signerOf(text).key : needKey(text))

/** What is to be done with a file that nobody has signed yet. */
export function tellUnsigned(path: string, { print }: Services, when: string): ExitCode {
  print(when)
  print(`Whoever has a key signs it, each where the key is: brain key sign ${path}`)
  print(`Then hand it over: brain key send ${path}`)
  return 0
}

/** `brain key sign FILE`: says what it says, and adds a signature. */
export async function sign(
  path: string,
  { key, yes = false, ...options }: Json & { readonly key?: readonly string[]; readonly yes?: boolean },
  services: Services,
): Promise<ExitCode> {
  const { statement } = readSignable(path)
  const signers = signersNamed(key)
  const said = `${describeStatement(statement)}.`
  if (!options.json) services.print(said)
  if (!options.json && !yes && services.isTerminal && !(await agrees("Sign it? [y/N] ", services)))
    return tell(services, options, {}, ["Nothing was signed."])
  let all: readonly PublicKey[] = []
  for (const signer of signers) all = await signFile(path, signer)
  return tell(services, options, { statement, signers: all }, [`${path} is signed by ${shortKeys(all)}.`])
}

/** `brain key send FILE`: hands a hub what was signed. */
export async function send(
  path: string,
  options: Json & { readonly to?: string; readonly insecure?: boolean },
  services: Services,
): Promise<ExitCode> {
  const file = readSignable(path)
  if (file.signers.length === 0)
    refuse({ code: "OB774", seen: `Nobody has signed ${path} yet.`, hint: `Sign it: brain key sign ${path}` })
  const place = await openPlace(needHubPlace(options.to, "--to"), { isInsecure: options.insecure === true })
  const hub = needHub(place, "take what several people signed")
  const { statement } = file
  const done = (is: string, data: object = {}): ExitCode =>
    tell(services, options, { statement, signers: file.signers, hub: hub.place, ...data }, [is])
  const bytes = printEnvelope(file.envelope)
  const unlessFew = (error: unknown): never => {
    throw statement.type === TYPES.push
      ? tooFew(error, "brain push", statement.module.namespace)
      : tooFew(error, `brain key claim ${statement.namespace}`, statement.namespace)
  }
  if (statement.type === TYPES.namespace) {
    const before = await hub.owner(statement.namespace)
    await hub.claim(bytes).catch(unlessFew)
    if (readTrust().keys.has(statement.namespace)) await followClaim(hub, statement, before)
    return done(`At ${hub.place}, ${describeStatement(statement)}.`)
  }
  await sendAgain(place, statement)
  const answer = await hub.push(bytes).catch(unlessFew)
  if (answer.is === "candidate")
    return done(`The push is candidate ${answer.id}, and the tag stays as it is.`, { candidate: answer.id })
  await rememberPush(place, statement, bytes)
  return done(`${repositoryOf(statement.module)}:${statement.tag} stands for ${statement.artifact} from now on.`)
}
