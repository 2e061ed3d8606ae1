import { ROUTES } from '@switchyard/contract'
import type { Route } from '@switchyard/contract'
import express from 'express'
import type { Express, Router } from 'express'
import { createAuthenticator } from './authenticate.ts'
import type { ApiContext } from './context.ts'
import type { Binding } from './http/bind.ts'
import { answerErrors, answerUnknownRoute } from './http/errors.ts'
import { trackRequests } from './http/request-id.ts'
import { Problem } from './problem.ts'
import { bindAgents } from './routes/agents.ts'
import { bindClaims } from './routes/claims.ts'
import { bindDequeue } from './routes/dequeue.ts'
import { bindDocsPage } from './routes/docs-page.ts'
import { bindEventFeed } from './routes/event-feed.ts'
import { bindExplain } from './routes/explain.ts'
import { bindHosts } from './routes/hosts.ts'
import { bindLogs } from './routes/logs.ts'
import { bindMcp } from './routes/mcp.ts'
import { bindOperations } from './routes/operations.ts'
import { bindReads } from './routes/reads.ts'
import { bindRouting } from './routes/routing.ts'
import { bindTaskLists } from './routes/task-lists.ts'
import { bindTasks } from './routes/tasks.ts'
import { bindWebhooks } from './routes/webhooks.ts'

/** The application: every route of the contract, what the page of its documentation is made of, and a problem for all else. */
export function createApp(context: ApiContext, options: { readonly validateAnswers: boolean }): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  // Nothing here is ever unchanged: Express would answer `If-None-Match: *` with 304 and no body.
  Object.defineProperty(app.request, 'fresh', { value: false })
  app.use(trackRequests(context.events))

  const router = express.Router()
  const binding: Binding = {
    router,
    authenticate: createAuthenticator(context.agents, {
      admin: context.config.SWITCHYARD_ADMIN_TOKEN,
      coordinator: context.config.SWITCHYARD_COORDINATOR_TOKENS,
    }),
    validateAnswers: options.validateAnswers,
  }
  // What is called most comes first. `/tasks/dequeue` before `/tasks/{task_id}`.
  bindDequeue(binding, context)
  bindClaims(binding, context)
  // The signature covers the raw bytes, so a delivery is not parsed before it is verified.
  router.use(
    '/api/v1/webhooks',
    express.raw({ type: () => true, limit: context.config.SWITCHYARD_WEBHOOK_LIMIT_BYTES }),
  )
  bindWebhooks(binding, context)
  bindTasks(binding, context)
  bindTaskLists(binding, context)
  bindRouting(binding, context)
  bindLogs(binding, context)
  bindAgents(binding, context)
  bindHosts(binding, context)
  bindReads(binding, context)
  bindEventFeed(binding, context)
  bindExplain(binding, context)
  bindMcp(binding, context)
  bindOperations(binding, context)
  bindDocsPage(binding, router)
  answerOtherMethods(router)

  app.use(router)
  app.use(answerUnknownRoute)
  app.use(answerErrors(context.log))
  return app
}

function answerOtherMethods(router: Router): void {
  const methods = new Map<string, string[]>()
  for (const { path, method } of Object.values<Route>(ROUTES)) {
    methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()])
  }
  // Paths without parameters first: `/tasks/dequeue` is no task.
  const literalFirst = [...methods].sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')))
  for (const [path, allowed] of literalFirst) {
    router.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), (request) => {
      const facts = { allowed_methods: allowed }
      throw new Problem('method_not_allowed', `${request.method} is not offered on ${path}.`, facts, {
        Allow: allowed.join(', '),
      })
    })
  }
}
