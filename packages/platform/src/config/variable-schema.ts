import { IsOptional } from 'typebox'
import type { TObject, TSchema } from 'typebox'

/** What we read of a variable's schema. TypeBox schemas are plain JSON Schema, plus our own keyword `secret`. */
export interface VariableSchema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly secret?: boolean
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly VariableSchema[]
  readonly items?: VariableSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly pattern?: string
  readonly format?: string
}

/** The variables that a schema declares, in the order in which it declares them. */
export function declaredVariables(schema: TObject): [string, VariableSchema][] {
  return Object.entries(schema.properties as Record<string, TSchema>).map(([name, property]) => [
    name,
    property as VariableSchema,
  ])
}

/** Whether a variable must be set: not optional, and without a default. */
export function isRequired(schema: TObject, name: string): boolean {
  const variable = (schema.properties as Record<string, TSchema>)[name]
  return variable !== undefined && !IsOptional(variable) && !('default' in variable)
}

/** A schema in words: "an integer from 1 to 65535", "one of info, debug". */
export function describeExpectation(schema: VariableSchema): string {
  const choices = allowedValues(schema)
  if (choices !== undefined) return `one of ${choices.map(String).join(', ')}`
  if (schema.type === 'boolean') return 'true or false'
  if (schema.type === 'integer' || schema.type === 'number') return describeNumber(schema)
  if (schema.type === 'array') {
    const items = schema.items === undefined ? 'a value' : describeExpectation(schema.items)
    return `a comma-separated list${(schema.minItems ?? 0) > 0 ? ` of at least ${String(schema.minItems)}` : ''}, each ${items}`
  }
  return describeString(schema)
}

function allowedValues(schema: VariableSchema): readonly unknown[] | undefined {
  if (schema.enum !== undefined) return schema.enum
  if (schema.const !== undefined) return [schema.const]
  const alternatives = schema.anyOf?.map((alternative) => alternative.const)
  return alternatives?.every((value) => value !== undefined) === true ? alternatives : undefined
}

function describeNumber(schema: VariableSchema): string {
  const noun = schema.type === 'integer' ? 'an integer' : 'a number'
  const { minimum, maximum, exclusiveMinimum } = schema
  if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}`
  if (minimum !== undefined) return `${noun} of at least ${minimum}`
  if (exclusiveMinimum !== undefined) return `${noun} greater than ${exclusiveMinimum}`
  if (maximum !== undefined) return `${noun} of at most ${maximum}`
  return noun
}

function describeString(schema: VariableSchema): string {
  if (schema.format !== undefined) return `text in the format "${schema.format}"`
  if (schema.pattern !== undefined) return `text that matches ${schema.pattern}`
  if ((schema.minLength ?? 0) > 1) return `text of at least ${String(schema.minLength)} characters`
  return 'text'
}
