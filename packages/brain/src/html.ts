/** HTML that has been made here; any other string is text and is escaped on its way in. */
export interface Html {
  readonly html: string
}
export const raw = (text: string): Html => ({ html: text })
export function html(parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const put = (value: string | Html | readonly Html[]): string => {
    if (typeof value === "string") return escaped(value)
    return "html" in value ? value.html : value.map((each) => each.html).join("")
  }
  return raw(parts.reduce((text, part, i) => text + put(values[i - 1]!) + part))
}
/** Inert in text and in quoted attributes; what controls a terminal or the direction of writing stays inside its `bdi`. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)

/** A page in one file: it asks nothing of a network and runs nothing, which its own policy forbids. */
export const pageOf = (title: string, style: string, body: Html): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(BASE + style)}</style>
</head>
<body>
${body}
</body>
</html>
`.html

const BASE = `:root { color-scheme: light dark; --for: light-dark(#1a7f37, #2fb85a); --against: light-dark(#c62f27, #ef5b52) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1 { margin-bottom: 0 } h2 { font-size: 1.1rem; margin-top: 2rem }
.dim { opacity: .75; font-size: .9rem }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 600 } td, th { padding: .15rem .6rem .15rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent) }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
`
