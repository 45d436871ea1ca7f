import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

/** The whole text of each licence that an SPDX expression names, and where to read those of which there is none here. */
export function licenceText(expression: string, name: string): string {
  const names = [...new Set(expression.match(/[A-Za-z0-9.-]+/g) ?? [])]
  const licences = names.filter((each) => !["AND", "OR", "WITH"].includes(each))
  return `${[`${name} is licensed under ${expression}.`, ...licences.map(textOf)].join("\n\n")}\n`
}

/** SPDX's own list has the texts. Nothing but a name that is in it becomes a path. */
function textOf(name: string): string {
  const known = require("spdx-license-list") as Readonly<Record<string, { readonly name: string }>>
  if (!Object.hasOwn(known, name))
    return name.startsWith("LicenseRef-")
      ? `What ${name} stands for, whoever made the module can tell.`
      : `${name}: https://spdx.org/licenses/`
  const { licenseText } = require(`spdx-license-list/licenses/${name}.json`) as { readonly licenseText: string }
  return `${name}: ${known[name]!.name}\n\n${licenseText.trim()}`
}
