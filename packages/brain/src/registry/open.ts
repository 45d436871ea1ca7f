import { resolve } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { openLayout } from "../store/layout.ts"
import { openHttpRegistry } from "./http.ts"
import { findHub, type Hub } from "./hub.ts"
import type { Registry } from "./registry.ts"
import { isLoopback, type TransportOptions } from "./transport.ts"

/** Where modules are kept: a folder, a registry, or a hub, which is a registry that does more. */
export interface Place {
  readonly registry: Registry
  readonly hub?: Hub
}
export interface PlaceOptions {
  /** Makes the folder where there is none. */
  readonly create?: boolean
  /** Speaks plain http also to other machines: whoever sits between can read it, and hold things back. */
  readonly isInsecure?: boolean
}

/** The place that is meant when nobody names one. */
export const usualPlace = (): string | undefined => process.env["BRAIN_HUB"] || undefined

/**
 * Opens a place: an address that begins with http, or a folder. Errors: OB728 when it is neither, OB710 and OB711 of
 * folders, OB720 when nobody answers.
 */
export async function openPlace(
  place: string,
  { create = false, isInsecure = false }: PlaceOptions = {},
): Promise<Place> {
  if (!/^[a-z][a-z0-9+.-]+:/i.test(place)) return { registry: await openLayout(resolve(place), { create }) }
  const address = addressOf(place, isInsecure)
  const options: TransportOptions = { auth: process.env["BRAIN_REGISTRY_AUTH"] || undefined, isInsecure }
  const hub = await findHub(address, options)
  return { registry: openHttpRegistry(address, options), ...(hub ? { hub } : {}) }
}

/** A folder, a registry or a hub, by where it is. Errors: those of `openPlace`. */
export const openRegistry = async (place: string, options: PlaceOptions = {}): Promise<Registry> =>
  (await openPlace(place, options)).registry

function addressOf(place: string, isInsecure: boolean): URL {
  const unfit = (seen: string, hint: string): never => refuse({ code: "OB728", seen, hint })
  const shown = place.slice(0, 200)
  const address = URL.parse(place)
  if (address === null || (address.protocol !== "http:" && address.protocol !== "https:"))
    return unfit(
      `\`${shown}\` is no place of modules.`,
      /^[a-z0-9.-]+:\d+/i.test(place)
        ? `Write its protocol too: https://${shown}`
        : "A place is a folder, or an address such as https://registry.example.org",
    )
  if (address.username !== "" || address.password !== "")
    unfit(
      `An address is no place for a password: ${address.host}.`,
      "Leave it out, and set BRAIN_REGISTRY_AUTH=user:password",
    )
  if (address.protocol === "http:" && !isLoopback(address) && !isInsecure)
    unfit(
      `${shown} is plain http, which everybody on the way reads and alters.`,
      "Write https:// – or, within a network of your own, add --insecure.",
    )
  address.search = ""
  address.hash = ""
  return address
}

/** Errors: OB728 when the place is no hub. */
export const needHub = ({ registry, hub }: Place, doing: string): Hub =>
  hub ??
  refuse({
    code: "OB728",
    seen: `${registry.place} is no hub, and only hubs ${doing}.`,
    hint: "Name one by its address, or set BRAIN_HUB to it.",
  })

/** Errors: OB728 when nobody named a place. */
export const needPlace = (named: string | undefined, option: string): string =>
  named ??
  usualPlace() ??
  refuse({
    code: "OB728",
    seen: "No place is named.",
    hint: `Say which: ${option} FOLDER or ${option} https://… – or set BRAIN_HUB to the usual one.`,
  })

/** The same of what only a hub can do. Errors: OB728. */
export const needHubPlace = (named: string | undefined, option: string): string =>
  named ??
  usualPlace() ??
  refuse({
    code: "OB728",
    seen: "No hub is named.",
    hint: `Say which: ${option} https://… – or set BRAIN_HUB to the usual one. One of your own: brain hub`,
  })
