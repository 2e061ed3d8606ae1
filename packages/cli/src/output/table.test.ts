import { expect, it } from '@jest/globals'
import { displayWidth, renderTable } from './table.ts'

const plain = (text: string): string => text
const COLUMNS = [
  { title: 'ID', value: ({ id }: Row) => id },
  { title: 'N', value: ({ count }: Row) => String(count), align: 'right' as const, spare: 1 },
  { title: 'TITLE', value: ({ title }: Row) => title, flexible: true },
]
interface Row {
  readonly id: string
  readonly count: number
  readonly title: string
}

it('aligns columns, by what they take on the terminal', () => {
  const rows = [
    { id: 'a', count: 7, title: 'short' },
    { id: '日本', count: 100, title: 'after wide letters' },
  ]
  expect(renderTable(COLUMNS, rows, { width: null, bold: plain })).toBe(
    'ID      N  TITLE\na       7  short\n日本  100  after wide letters\n',
  )
})

it('cuts the flexible column to the width of the terminal, and never a row into two', () => {
  const rows = [{ id: 'a', count: 1, title: `one\ntwo \u001b[2J${'x'.repeat(100)}` }]
  const lines = renderTable(COLUMNS, rows, { width: 30, bold: plain }).split('\n')
  expect(lines).toHaveLength(3)
  expect(displayWidth(lines[1] ?? '')).toBe(30)
  expect(lines[1]).toMatch(/one two x+…$/)
})

it('leaves out what can be spared when the terminal is too narrow for the rest', () => {
  const rows = [{ id: 'an-id', count: 1000, title: 'x'.repeat(100) }]
  const headAt = (width: number) => renderTable(COLUMNS, rows, { width, bold: plain }).split('\n')[0]
  expect(headAt(25)).toBe('ID        N  TITLE')
  expect(headAt(24)).toBe('ID     TITLE')
  expect(headAt(3)).toBe('ID     TITLE')
})
