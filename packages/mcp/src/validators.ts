import { fromJsonSchema } from '@modelcontextprotocol/server'
import type { jsonSchemaValidator, StandardSchemaWithJSON } from '@modelcontextprotocol/server'
import { compileValidator } from '@switchyard/contract'
import type { Validator } from '@switchyard/contract'
import type { JsonSchema } from './tool.ts'

type Members = Readonly<Record<string, unknown>>

/** Inputs are looked at as the API looks at bodies, in the same words. Compiled when a tool is first called: most never are. */
const INPUT: jsonSchemaValidator = {
  getValidator: (schema) => {
    let validate: Validator | undefined
    return (value) => {
      validate ??= compileValidator(schema, 'body')
      const result = validate(value)
      if (result.ok) return { valid: true, data: value as never, errorMessage: undefined }
      const wrong = result.errors.map(({ path, message }) => `${path.replace(/^body\./, '')} ${message}`)
      return { valid: false, data: undefined, errorMessage: wrong.join('; ') }
    }
  },
}

/** Answers are not looked at: they are the API's, and a newer one may say more. */
const OUTPUT: jsonSchemaValidator = {
  getValidator: () => (value) => ({ valid: true, data: value as never, errorMessage: undefined }),
}

export function inputSchema(schema: JsonSchema): StandardSchemaWithJSON<Members, Members> {
  return fromJsonSchema<Members>(schema, INPUT)
}

export function outputSchema(schema: JsonSchema): StandardSchemaWithJSON<Members, Members> {
  return fromJsonSchema<Members>(schema, OUTPUT)
}
