import { ROUTES, Task } from '@switchyard/contract'
import type { Route } from '@switchyard/contract'
import type { Task as WireTask } from '@switchyard/client'
import Type from 'typebox'
import type { JsonSchema } from './tool.ts'

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
}

/** What an operation takes, as one object: the parameters of its path and query and the members of its body. */
export function inputOf(
  operation: keyof typeof ROUTES,
  beside: Readonly<Record<string, Type.TSchema>> = {},
): JsonSchema {
  const route: Route = ROUTES[operation]
  const parts = [route.params, route.query, route.body] as readonly (ObjectSchema | undefined)[]
  const added = Type.Object(beside) as ObjectSchema
  return plain({
    type: 'object',
    properties: Object.assign({}, ...parts.map((part) => part?.properties), added.properties) as object,
    required: [...parts.flatMap((part) => part?.required ?? []), ...(added.required ?? [])].filter(
      (name) => !(name in beside) || added.required?.includes(name),
    ),
    additionalProperties: false,
  })
}

/** An answer with the next call to make. */
export function outputOf(members: Readonly<Record<string, Type.TSchema>>): JsonSchema {
  return plain(Type.Object({ next: Type.String({ description: 'The next call to make.' }), ...members }))
}

/** A task without its prompt, which may be long and which the caller has or can read with get_task. */
export const TaskSummary = Type.Omit(Task, ['prompt'])

export function summaryOf(task: WireTask): Omit<WireTask, 'prompt'> {
  const summary: Partial<Pick<WireTask, 'prompt'>> & Omit<WireTask, 'prompt'> = { ...task }
  delete summary.prompt
  return summary
}

/**
 * The schema as JSON alone. The patterns that keep unstorable text out are left away: the API looks at that itself, and some
 * model providers refuse every tool when a pattern holds half a surrogate pair.
 */
function plain(schema: object): JsonSchema {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      key === 'pattern' && typeof value === 'string' && value.includes(String.raw`\ud800`)
        ? undefined
        : value,
    ),
  ) as JsonSchema
}
