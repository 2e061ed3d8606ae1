/** What the id of an agent or host looks like: lower case letters, digits, `.`, `_` and `-`. A regular expression. */
export const AGENT_ID_PATTERN = '^[a-z0-9][a-z0-9._-]{0,63}$'

const AGENT_ID = new RegExp(AGENT_ID_PATTERN)

/** True when the text may be the id of an agent; the guard for data that comes from outside the schemas. */
export function isAgentId(text: string): boolean {
  return AGENT_ID.test(text)
}
