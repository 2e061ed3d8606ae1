import { openApi, ROUTES } from '@switchyard/contract'
import { assertSchemaIsKnown } from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bindPublic, bindStream } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'

/** What operators and their tools look at. */
export function bindOperations(binding: Binding, context: ApiContext): void {
  const document = openApi(context.version)

  bindPublic(binding, ROUTES.getHealth, () => Promise.resolve({ status: 200, body: { status: 'ok' } }))

  bindPublic(binding, ROUTES.getReadiness, async () => {
    if (context.stopping.aborted)
      return { status: 503, body: { status: 'stopping', reason: 'the process is ending' } }
    try {
      await assertSchemaIsKnown(context.pool)
      return { status: 200, body: { status: 'ready' } }
    } catch (error) {
      return {
        status: 503,
        body: { status: 'not ready', reason: reasonOf(error) },
      }
    }
  })

  bindPublic(binding, ROUTES.getOpenApi, () => Promise.resolve({ status: 200, body: document }))

  bindStream(binding, ROUTES.getMetrics, async (_input, { response }) => {
    response.set('Content-Type', context.metrics.contentType).send(await context.metrics.text())
  })
}

/** An AggregateError of all addresses that were tried has an empty message; its code says enough. */
function reasonOf(error: unknown): string {
  const { message = '', code = '' } = error as { message?: string; code?: string }
  return message !== '' ? message : code !== '' ? code : 'the database is away'
}
