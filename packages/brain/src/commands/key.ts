import { refuse } from "@open-brains/core/base/problem.ts"
import { seal } from "@open-brains/core/commons/envelope.ts"
import { printStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { keyFolder, keyNames, newKey, signerOf, USUAL_KEY } from "../keys/keys.ts"
import { forgetKey, needKey, needNamespace, readTrust, trustKey } from "../keys/trust.ts"
import { needHub, needPlace, openPlace } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"

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
    `The key ${made.name} is in ${made.path}, for you alone. Whoever has that file signs in your name;`,
    "whoever loses it starts anew: keep a copy where nobody else looks.",
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

/** `brain key claim NAMESPACE`: from now on that hub moves its tags by this key alone. */
export async function claim(
  namespace: string,
  options: Json & { readonly to?: string; readonly key?: string; readonly insecure?: boolean },
  services: Services,
): Promise<ExitCode> {
  needNamespace(namespace)
  const signer = signerOf(options.key)
  const place = await openPlace(needPlace(options.to, "--to"), { isInsecure: options.insecure === true })
  const hub = needHub(place, "know who owns a namespace")
  const statement = { type: TYPES.namespace, namespace, keys: [signer.key], threshold: 1, serial: 0 } as const
  await hub.claim(seal(printStatement(statement), [signer]))
  if (!readTrust().keys.has(namespace)) await trustKey(namespace, signer.key)
  return tell(services, options, { namespace, key: signer.key, hub: hub.place }, [
    `${namespace} is yours at ${hub.place}: what you push there is signed by ${signer.name}.`,
  ])
}
