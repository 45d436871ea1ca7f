const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 1000, mb: 1_000_000 }

/** Bytes that a person named: `30000`, `30KB`, `1.5 MB`; a KB is 1000 bytes. Nothing when it is no size above 0. */
export function parseSize(text: string): number | undefined {
  const [, number = "", unit = ""] = /^(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = Object.hasOwn(UNITS, unit.toLowerCase()) ? UNITS[unit.toLowerCase()] : undefined
  const bytes = factor === undefined ? Number.NaN : Math.floor(Number(number) * factor)
  return number !== "" && bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}
/** 30 KB, 2.5 KB, 1.2 MB: three digits, and the whole number when there are more. */
export const printSize = (bytes: number): string =>
  bytes < 1000
    ? `${bytes} bytes`
    : bytes < 999_500
      ? `${Number((bytes / 1000).toPrecision(3))} KB`
      : `${Number((bytes / 1_000_000).toPrecision(3))} MB`
