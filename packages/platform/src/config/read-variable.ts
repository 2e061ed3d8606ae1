import { readFileSync } from 'node:fs'
import type { ConfigProblem } from './config-error.ts'
import type { VariableSchema } from './variable-schema.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the environment says about one variable: a text, a list, nothing, or something that cannot be used. */
export type ReadVariable =
  { readonly value: string | string[] | undefined } | { readonly problem: ConfigProblem }

/**
 * Reads NAME, or the contents of the file that NAME_FILE names (one trailing newline is not part of it), the way Docker
 * secrets are handed over. An empty text counts as unset.
 */
export function readVariable(name: string, schema: VariableSchema, env: Environment): ReadVariable {
  const direct = env[name] === '' ? undefined : env[name]
  const path = env[`${name}_FILE`] === '' ? undefined : env[`${name}_FILE`]
  if (direct !== undefined && path !== undefined) {
    return { problem: { variable: name, message: `set either ${name} or ${name}_FILE, not both` } }
  }
  if (path === undefined) return { value: split(direct, schema) }
  try {
    const contents = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (contents === '')
      return { problem: { variable: `${name}_FILE`, message: `the file ${path} is empty` } }
    return { value: split(contents, schema) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { problem: { variable: `${name}_FILE`, message: `the file cannot be read: ${reason}` } }
  }
}

function split(text: string | undefined, schema: VariableSchema): string | string[] | undefined {
  if (text === undefined || schema.type !== 'array') return text
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
