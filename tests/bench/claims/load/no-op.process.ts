import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttpServer } from '@switchyard/api'
import express from 'express'
import { answerCalls } from '../../child-calls.ts'

export interface NoOpAnswers {
  /** What the real ones answer. */
  readonly dequeue: object
  readonly complete: object
  readonly delivery: object
}

export interface NoOpRequest {
  readonly answers: NoOpAnswers
  /**
   * The server: the API's own, which spares Express its slowest habit, so that it is the limit of Express; or Express's, which is what
   * anybody gets.
   */
  readonly on: 'our server' | 'its own server'
}

const BODY_LIMIT_BYTES = 1024 * 1024

/** The same requests, answered with the same bodies, and nothing done. */
function listen({ answers, on }: NoOpRequest): Promise<string> {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.post('/api/v1/tasks/dequeue', (_, response) => void response.json(answers.dequeue))
  app.post('/api/v1/tasks/:id/complete', (_, response) => void response.json(answers.complete))
  app.post(
    '/api/v1/webhooks/forgejo',
    express.raw({ type: () => true, limit: BODY_LIMIT_BYTES }),
    (_, response) => void response.status(202).json(answers.delivery),
  )
  const server = on === 'our server' ? createHttpServer(app) : createServer(app)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

answerCalls({ listen })
