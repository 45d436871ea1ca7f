import { Type } from "typebox"
import { findRepository } from "../content.ts"
import type { Context } from "../context.ts"
import { candidatesOf, findCandidate } from "../gate/record.ts"
import { viewOf } from "../gate/view.ts"
import type { Api } from "./api.ts"
import { nothingThere, ProblemSchema } from "./errors.ts"
import { CandidateSchema as CandidateText, ModuleParams } from "./schemas.ts"

const LIST_MAX = 20
type View = Awaited<ReturnType<typeof viewOf>>
const CandidateSchema = Type.Unsafe<View>(CandidateText)

export function candidateRoutes(app: Api, context: Context): void {
  const { read } = context.database
  app.get(
    "/candidates/:id",
    {
      schema: {
        summary: "How a push fares at the gate, by its index in the log",
        params: Type.Object({ id: Type.Integer({ minimum: 0 }) }),
        response: { 200: CandidateSchema, "4xx": ProblemSchema },
      },
    },
    async ({ params: { id } }) => {
      const found = await findCandidate(read, id)
      if (found === undefined)
        return nothingThere(
          `candidate ${id}`,
          "See those of a module: brain candidate MODULE, or GET /api/v1/modules/MODULE/candidates",
        )
      return await viewOf(context, found)
    },
  )
  app.get(
    "/modules/:namespace/:name/candidates",
    {
      schema: {
        summary: "Its candidates, the newest first",
        params: ModuleParams,
        response: { 200: Type.Unsafe<View[]>(Type.Array(CandidateText)), "4xx": ProblemSchema },
      },
    },
    async ({ params: { namespace, name } }) => {
      const repository = await findRepository(read, namespace, name)
      if (repository === undefined) return nothingThere(`module ${namespace}/${name}`)
      const found = await candidatesOf(read, repository, LIST_MAX)
      return Promise.all(found.map((each) => viewOf(context, each)))
    },
  )
}
