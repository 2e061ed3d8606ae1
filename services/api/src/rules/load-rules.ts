import { readFile } from 'node:fs/promises'
import { builtInRules } from './built-in-rules.ts'
import { parseRules } from './parse-rules.ts'
import { describeProblems } from '@switchyard/platform'
import type { Rule } from './rule.ts'

export type LoadedRules =
  { readonly ok: true; readonly rules: readonly Rule[] } | { readonly ok: false; readonly message: string }

/**
 * The rules of this installation: those of the file (SWITCHYARD_RULES_FILE), else the built-in ones. A file that cannot
 * be read or used is a message with every mistake in it, a line each; the service must not start then.
 */
export async function loadRules(settings: {
  readonly file: string | null
  readonly botUser: string | null
}): Promise<LoadedRules> {
  const { file, botUser } = settings
  if (file === null) return { ok: true, rules: builtInRules(botUser) }
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    return {
      ok: false,
      message: `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
  const parsed = parseRules(text)
  return parsed.ok ? parsed : { ok: false, message: describeProblems(file, parsed.problems) }
}
