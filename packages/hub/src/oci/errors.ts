import type { Refusal } from "@open-brains/core/base/problem.ts"

/** Source: OCI distribution 1.1, error codes. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  DENIED: 403,
  TAG_INVALID: 400,
  RANGE_INVALID: 416,
  TOOMANYREQUESTS: 429,
  UNSUPPORTED: 405,
} as const
export type OciCode = keyof typeof STATUS

/** An error as registries tell it. */
export interface OciError extends Error {
  readonly statusCode: number
  readonly body: {
    readonly errors: readonly { readonly code: OciCode; readonly message: string; readonly detail?: unknown }[]
  }
  readonly headers: Readonly<Record<string, string>>
}
export const isOciError = (error: unknown): error is OciError =>
  error instanceof Error && "body" in error && "statusCode" in error

export function fail(
  code: OciCode,
  message: string,
  { detail, headers = {} }: { readonly detail?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): never {
  const errors = [{ code, message, ...(detail === undefined ? {} : { detail }) }]
  throw Object.assign(new Error(message), { statusCode: STATUS[code] as number, body: { errors }, headers })
}
export const failAs = (code: OciCode, { problems }: Refusal): never =>
  fail(code, problems.map(({ seen }) => seen).join(" "), {
    detail: problems.map(({ code: ours, hint }) => ({ code: ours, hint })),
  })
