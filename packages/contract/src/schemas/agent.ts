import Type from 'typebox'
import { AgentId, Labels, NextCursor, nullable, text, Timestamp } from './common.ts'
import { AgentMode } from './task.ts'

const MaxConcurrent = Type.Integer({ minimum: 1, maximum: 10_000 })

export const Agent = Type.Object({
  id: AgentId,
  execution_mode: AgentMode,
  description: Type.String(),
  labels: Type.Array(Type.String()),
  max_concurrent: nullable(MaxConcurrent, {
    description: 'Most tasks it holds at a time; null: as many as it asks for.',
  }),
  paused: Type.Boolean(),
  held: Type.Integer({ description: 'Tasks it holds now.' }),
  last_seen_at: nullable(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const NewAgent = Type.Object(
  {
    id: AgentId,
    description: Type.Optional(text({ maxLength: 1_000 })),
    labels: Type.Optional(Labels),
    max_concurrent: Type.Optional(
      nullable(MaxConcurrent, {
        description: 'Most tasks it holds at a time. null, or left out: as many as it asks for.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ id: 'claude-laptop', labels: ['linux'] }] },
)

export const AgentChanges = Type.Object(
  {
    description: Type.Optional(text({ maxLength: 1_000 })),
    labels: Type.Optional(Labels),
    max_concurrent: Type.Optional(
      nullable(MaxConcurrent, {
        description: 'Most tasks it holds at a time; null: as many as it asks for. Left out, it stays.',
      }),
    ),
    paused: Type.Optional(Type.Boolean({ description: 'A paused agent or host gets no new task.' })),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ paused: true }] },
)

const AgentToken = Type.String({ description: 'The bearer token. It is shown this once; keep it.' })
export const RegisteredAgent = Type.Object({ agent: Agent, token: AgentToken })
export const AgentList = Type.Object({ agents: Type.Array(Agent), next_cursor: NextCursor })
