import { describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import type { Route } from '@switchyard/contract'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import type { ApiContext } from './context.ts'

/** What an Express router keeps of each route. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
  readonly handle: { readonly stack?: readonly Layer[] }
}

/** Nothing is called here: handlers only have to be bound. */
const context = {
  ...readConfig({
    DATABASE_URL: 'postgres://nobody@127.0.0.1/none',
    SWITCHYARD_ADMIN_TOKEN: 'token-of-the-admin',
    SWITCHYARD_WEBHOOK_SECRET: 'forty-two-is-not-a-secret',
  }),
  events: {},
  rules: [],
} as unknown as ApiContext

/** Part of the page of the reference. */
const OF_THE_PAGE = ['get /docs/start.js']

function routesOf(layers: readonly Layer[]): string[] {
  return layers.flatMap(({ route, handle }) =>
    route === undefined
      ? routesOf(handle.stack ?? [])
      : Object.keys(route.methods).map((method) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`),
  )
}

describe('the application', () => {
  it('has the routes of the contract, and no others', () => {
    const app = createApp(context, { validateAnswers: false })
    const { stack } = app.router as unknown as { readonly stack: readonly Layer[] }
    // `_all` answers whatever method a path does not have.
    const bound = routesOf(stack).filter((route) => !route.startsWith('_all '))
    const described = Object.values<Route>(ROUTES).map(({ method, path }) => `${method} ${path}`)
    expect(bound.sort()).toEqual([...described, ...OF_THE_PAGE].sort())
  })
})
