import type { Api } from "../api/api.ts"
import type { Context } from "../context.ts"

export function jobRoutes(_app: Api, _context: Context): void {}
