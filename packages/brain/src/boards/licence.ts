/** What a licence is called, and where its text is, one paragraph for each that the expression names. */
export function licenceText(expression: string, name: string): string {
  const names = [...new Set(expression.match(/[A-Za-z0-9.-]+/g) ?? [])].filter(
    (each) => !["AND", "OR", "WITH"].includes(each),
  )
  const known = names.filter((each) => !each.startsWith("LicenseRef-"))
  return `${[
    `${name} is licensed under ${expression}`,
    ...known.map((each) => `https://spdx.org/licenses/${each}.html`),
    ...(known.length < names.length ? ["What LicenseRef- stands for, whoever made the module can tell."] : []),
  ].join("\n")}\n`
}
