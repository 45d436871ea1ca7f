/** What a licence allows stands where it is kept: the names that an SPDX expression has, and where to read each. */
export function licenceText(expression: string, name: string): string {
  const names = [...new Set(expression.match(/[A-Za-z0-9.-]+/g) ?? [])]
  const licences = names.filter((each) => !["AND", "OR", "WITH"].includes(each))
  return `${[`${name} is licensed under ${expression}.`, ...licences.map(placeOf)].join("\n\n")}\n`
}
const placeOf = (name: string): string =>
  name.startsWith("LicenseRef-")
    ? `What ${name} stands for, whoever made the module can tell.`
    : `${name}: https://spdx.org/licenses/${/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name) ? `${name}.html` : ""}`
