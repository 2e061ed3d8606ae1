import Type from 'typebox'

export interface ProblemKind {
  readonly status: number
  /** What happened, in a few words. The answer says the rest of it about the case at hand. */
  readonly title: string
  /** What is true now, above all whether the call changed anything. */
  readonly now: string
  /** The next call for the caller, a person or a language model, to make. A call is written as its method and its path in the contract. */
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
    now: 'Nothing was changed: the request was not carried out.',
    next: 'Send the call again with a JSON object as its body and the header `Content-Type: application/json`.',
  },
  invalid_request: {
    status: 400,
    title: 'The request does not have the expected form',
    now: 'Nothing was changed: the request was not carried out.',
    next: 'Correct what `errors` lists and send the call again; GET /openapi.json has the form of every call.',
  },
  invalid_state: {
    status: 400,
    title: 'The state of the task does not allow this',
    now: 'Nothing was changed: the task is as it was.',
    next: 'Read the task with GET /api/v1/tasks/{task_id} before you decide. One that has ended comes back with POST /api/v1/tasks/{task_id}/rerun, one that somebody holds is ended with POST /api/v1/tasks/{task_id}/cancel.',
  },
  mode_mismatch: {
    status: 400,
    title: 'The agent does not work on this track',
    now: 'Nothing was changed: the agent is on the track that it was on, and the task as well.',
    next: 'Choose an agent that is `expected_mode` from GET /api/v1/agents, or register one that pulls tasks with POST /api/v1/agents. A host itself is changed with PUT /api/v1/hosts/{host_id} and deleted with DELETE /api/v1/hosts/{host_id}.',
  },
  unauthenticated: {
    status: 401,
    title: 'No valid token',
    now: 'Nothing was changed: the request was not carried out.',
    next: 'Send the call again with `Authorization: Bearer <token>`. An agent got its token when it was registered; a coordinator makes it a new one with POST /api/v1/agents/{agent_id}/token.',
  },
  bad_signature: {
    status: 401,
    title: 'The signature does not fit the body',
    now: 'The delivery was not kept and made no task.',
    next: 'Make the secret of the webhook in the forge the same as SWITCHYARD_WEBHOOK_SECRET, then deliver it again from the settings of the webhook: forges do not repeat a delivery by themselves.',
  },
  forbidden: {
    status: 403,
    title: 'This token may not do that',
    now: 'Nothing was changed: the request was not carried out.',
    next: 'Do not repeat the call with this token. It takes one of a role in `allowed_roles`; an agent acts as itself alone.',
  },
  not_your_task: {
    status: 403,
    title: 'The task is not yours',
    now: 'Nothing was changed: the task is where it was.',
    next: 'Leave this task alone. For one of your own call POST /api/v1/tasks/dequeue.',
  },
  origin_not_allowed: {
    status: 403,
    title: 'Pages of this origin may not call this',
    now: 'Nothing was changed: the request was not carried out.',
    next: 'Add the origin to SWITCHYARD_ALLOWED_ORIGINS of the API, or make the call from outside a browser, without an Origin header.',
  },
  route_not_found: {
    status: 404,
    title: 'No such route',
    now: 'Nothing was changed: no operation was called.',
    next: 'Look the path up in GET /openapi.json and call that.',
  },
  task_not_found: {
    status: 404,
    title: 'No such task',
    now: 'Nothing was changed. Either there never was a task with this id, or it was deleted when its retention was over.',
    next: 'Find the id with GET /api/v1/tasks.',
  },
  agent_not_found: {
    status: 404,
    title: 'No such agent',
    now: 'Nothing was changed: no agent and no host has this id.',
    next: 'Find the id with GET /api/v1/agents, or register the agent with POST /api/v1/agents.',
  },
  host_not_found: {
    status: 404,
    title: 'No such host',
    now: 'Nothing was changed: no host has this id.',
    next: 'Find the id with GET /api/v1/hosts, or configure the host with PUT /api/v1/hosts/{host_id}.',
  },
  delivery_not_found: {
    status: 404,
    title: 'No such delivery',
    now: 'Either there never was a delivery with this id, or it was deleted when its retention was over.',
    next: 'Find the id with GET /api/v1/deliveries.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The route has no such method',
    now: 'Nothing was changed: no operation was called.',
    next: 'Use one of the methods that the Allow header names; GET /openapi.json says what each does.',
  },
  agent_exists: {
    status: 409,
    title: 'The id is taken',
    now: 'Nothing was changed: the agent or host that has the id is as it was, and so is its token.',
    next: 'If it is yours, get it a new token with POST /api/v1/agents/{agent_id}/token or change it with PATCH /api/v1/agents/{agent_id}; else choose another id.',
  },
  agent_in_use: {
    status: 409,
    title: 'Unfinished tasks or other hosts need this agent',
    now: 'Nothing was deleted: it is as it was.',
    next: 'Pause it with PATCH /api/v1/agents/{agent_id}, cancel or reassign the tasks that GET /api/v1/tasks?agent_id={agent_id} lists, give the hosts behind it another `proxy_jump`, then delete it.',
  },
  lease_lost: {
    status: 409,
    title: 'The lease is no longer yours',
    now: 'Nothing of this call was stored: the task goes on, or has ended, without you.',
    next: 'Stop the work and report nothing more for this claim. For new work call POST /api/v1/tasks/dequeue.',
  },
  already_active: {
    status: 409,
    title: 'Another task for the same object is unfinished',
    now: 'Nothing was changed: the task stays ended, and that other one goes on.',
    next: 'Wait until the task in `task_id` has ended (GET /api/v1/tasks/{task_id}) or cancel it with POST /api/v1/tasks/{task_id}/cancel, then send the call again.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    now: 'Nothing was changed: the body was not read.',
    next: 'Send the call again with at most `limit_bytes` bytes; a log goes in several pieces.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    now: 'Nothing was changed: the body was not read.',
    next: 'Send the call again with one of the types in `supported` as its Content-Type.',
  },
  wrong_offset: {
    status: 416,
    title: 'The log goes on elsewhere',
    now: 'This text was not stored, the lease was extended; what lies before that byte is stored.',
    next: 'Send the text that begins at byte `expected_offset` with POST /api/v1/tasks/{task_id}/logs, and nothing if you have none.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key belongs to another request',
    now: 'No task was created by this call, and the one that the key made is as it was.',
    next: 'For another task send POST /api/v1/tasks with a new Idempotency-Key; for the one that the key made, in `task_id`, read GET /api/v1/tasks/{task_id}.',
  },
  internal_error: {
    status: 500,
    title: 'Something went wrong here',
    now: 'Nobody knows whether the call was carried out.',
    next: 'Read what it was to change before you send it again; with the same lease token, Idempotency-Key or request_key it may be sent again at once. When it goes wrong again give `request_id` to the operator.',
  },
  database_unavailable: {
    status: 503,
    title: 'The database is away',
    now: 'Nobody knows whether the call was carried out; most were not.',
    next: 'Wait the seconds in the Retry-After header, then send it again with the same lease token, Idempotency-Key or request_key; a call that has none of these, after reading what it was to change.',
  },
  dispatcher_unavailable: {
    status: 503,
    title: 'No dispatcher answered',
    now: 'The check stays asked for: a dispatcher that comes makes it, and what it finds stands with the host.',
    next: 'See in GET /api/v1/queue which dispatchers are alive and start one if there is none, then read `last_check` in GET /api/v1/hosts/{host_id}.',
  },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof PROBLEMS

/** The body of every error: `application/problem+json`, RFC 9457. Further members carry the facts of the case. */
export const ProblemBody = Type.Object(
  {
    type: Type.String({ description: 'A URI that names the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened, what is true now, and the next call to make.' }),
    next: Type.String({
      description: 'The next call to make: the end of `detail`, for programs that say it in other words.',
    }),
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
