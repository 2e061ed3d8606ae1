import { expect, it } from '@jest/globals'
import Type from 'typebox'
import { renderConfigTable } from './config-table.ts'

it('renders one row for each variable', () => {
  const schema = Type.Object({
    PORT: Type.Integer({ minimum: 0, default: 8080, description: 'Where to listen' }),
    TOKEN: Type.String({ secret: true, description: 'a|b.' }),
    HOSTS: Type.Optional(Type.Array(Type.String())),
  })
  expect(renderConfigTable(schema).split('\n')).toEqual([
    '| Variable | Default | Expects | Meaning |',
    '| --- | --- | --- | --- |',
    '| `PORT` | `8080` | an integer of at least 0 | Where to listen |',
    '| `TOKEN` | **required** | text | a\\|b. Secret: never logged. |',
    '| `HOSTS` | none | a comma-separated list, each text |  |',
  ])
})

it('says that nothing is required where everything is optional', () => {
  const schema = Type.Object({ HOSTS: Type.Optional(Type.String()) })
  expect(renderConfigTable(schema).split('\n').at(-1)).toBe('| `HOSTS` | none | text |  |')
})
