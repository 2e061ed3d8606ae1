import type { RouteReply, ROUTES } from '@switchyard/contract'

type Routes = typeof ROUTES

/** The body with which an operation answers when it did what was asked, by its operationId. */
export type AnswerOf<Name extends keyof Routes> = Extract<
  RouteReply<Routes[Name]>,
  { readonly status: 200 | 201 | 202 }
>['body']
