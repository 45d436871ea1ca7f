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

/** Bytes of memory: as `parseSize`, but a KB is 1024 bytes, since tables are powers of two. */
export function parseMemory(text: string): number | undefined {
  const [, number = "", unit = ""] = /^(\d{1,10})\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = { "": 1, b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 }[unit.toLowerCase()]
  return number === "" || factor === undefined || Number(number) === 0 ? undefined : Number(number) * factor
}
/** 64KB, 16MB: as `parseMemory` reads it. */
export const printMemory = (bytes: number): string => {
  const [unit, size] = (
    [
      ["GB", 2 ** 30],
      ["MB", 2 ** 20],
      ["KB", 2 ** 10],
    ] as const
  ).find(([, each]) => bytes % each === 0) ?? ["", 1]
  return `${bytes / size}${unit}`
}
