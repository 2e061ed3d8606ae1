import Type from 'typebox'

export interface ProblemKind {
  readonly status: number
  readonly title: string
  /** What the caller, a person or a language model, should do next. */
  readonly next: string
}

/**
 * Every error a client can see (RFC 9457). A code never changes its meaning. docs/problems.md lists them all, and a test
 * compares the two.
 */
export const PROBLEMS = {
  malformed_json: {
    status: 400,
    title: 'The body is not JSON',
    next: 'Send a JSON object and the header `Content-Type: application/json`.',
  },
  invalid_request: {
    status: 400,
    title: 'The request does not have the expected form',
    next: 'Correct what `errors` lists and send it again.',
  },
  invalid_state: {
    status: 400,
    title: 'The state of the task does not allow this',
    next: 'Look at `task_status` and `allowed_statuses`; read the task again before you decide.',
  },
  mode_mismatch: {
    status: 400,
    title: 'The agent does not work on the track of the task',
    next: 'Choose an agent of the mode that `expected_mode` names, or leave `execution_mode` out.',
  },
  unauthenticated: {
    status: 401,
    title: 'No valid token',
    next: 'Send `Authorization: Bearer <token>`. An agent got its token when it was registered.',
  },
  bad_signature: {
    status: 401,
    title: 'The signature does not fit the body',
    next: 'Make the secret of the webhook in the forge the same as SWITCHYARD_WEBHOOK_SECRET.',
  },
  forbidden: {
    status: 403,
    title: 'This token may not do that',
    next: 'Use a token of one of the roles in `allowed_roles`; an agent only ever acts as itself.',
  },
  not_your_task: {
    status: 403,
    title: 'The task is not held by you',
    next: 'Only act on tasks that dequeue gave you.',
  },
  origin_not_allowed: {
    status: 403,
    title: 'Pages of this origin may not call this',
    next: 'Add the origin to SWITCHYARD_ALLOWED_ORIGINS of the API, or call it from outside a browser, without an Origin header.',
  },
  route_not_found: { status: 404, title: 'No such route', next: 'Look the route up in GET /openapi.json.' },
  task_not_found: {
    status: 404,
    title: 'No such task',
    next: 'Check the id; GET /api/v1/tasks lists tasks.',
  },
  agent_not_found: {
    status: 404,
    title: 'No such agent',
    next: 'Register it with POST /api/v1/agents; GET /api/v1/agents lists agents and hosts.',
  },
  host_not_found: {
    status: 404,
    title: 'No such host',
    next: 'Configure it with PUT /api/v1/hosts/{host_id}.',
  },
  delivery_not_found: {
    status: 404,
    title: 'No such delivery',
    next: 'Check the id; deliveries are deleted when their retention is over.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The route has no such method',
    next: 'Use one of the methods that the Allow header names.',
  },
  agent_exists: {
    status: 409,
    title: 'The id is taken',
    next: 'Choose another id, change the present one with PATCH, or get it a new token with POST /api/v1/agents/{agent_id}/token.',
  },
  agent_in_use: {
    status: 409,
    title: 'Unfinished tasks or other hosts need this agent',
    next: 'Cancel or reassign the tasks that GET /api/v1/tasks?agent_id=… lists, give the hosts behind it another proxy_jump, then delete it.',
  },
  lease_lost: {
    status: 409,
    title: 'The lease is no longer yours',
    next: 'Stop the work and report nothing more for this claim. Dequeue again for new work.',
  },
  already_active: {
    status: 409,
    title: 'Another task for the same object is unfinished',
    next: 'Wait until the task in `task_id` has ended, or cancel it.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    next: 'Send at most `limit_bytes` bytes.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    next: 'Send one of the types in `supported`.',
  },
  wrong_offset: {
    status: 416,
    title: 'The log goes on elsewhere',
    next: 'Send the text that begins at byte `expected_offset`; what lies before it has been stored.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key belongs to another request',
    next: 'Use a new Idempotency-Key for a new request.',
  },
  internal_error: {
    status: 500,
    title: 'Something went wrong here',
    next: 'Try again later; give `request_id` to the operator.',
  },
  database_unavailable: {
    status: 503,
    title: 'The database is away',
    next: 'Try again after the seconds in the Retry-After header. Nothing was changed.',
  },
  dispatcher_unavailable: {
    status: 503,
    title: 'No dispatcher answered',
    next: 'Start a dispatcher; GET /api/v1/queue lists those that are alive.',
  },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof PROBLEMS

/** The body of every error: `application/problem+json`, RFC 9457. Further members carry the facts of the case. */
export const ProblemBody = Type.Object(
  {
    type: Type.String({ description: 'A URI that names the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened, and what to do next.' }),
    code: Type.Enum(Object.keys(PROBLEMS) as ProblemCode[]),
    request_id: Type.String(),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
        description: 'Of invalid_request: each thing that is wrong.',
      }),
    ),
  },
  { additionalProperties: true },
)
