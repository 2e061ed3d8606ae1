import { isReached, type Course, type Figure, type Target } from './measure.ts'
import { boundText } from './print.ts'

const WIDTH = 860
const LABEL_WIDTH = 390
const ROW = 26
const TOP = 44
const VALUE_WIDTH = 120
const COURSE_HEIGHT = 300
const COLOURS = ['#1f6feb', '#d29922', '#8250df', '#57606a', '#2da44e']

/** One bar per figure, of the same scale for the same unit, with the spread as a line over its end. */
export function drawBars(title: string, figures: readonly Figure[]): string {
  const most = new Map<string, number>()
  for (const { unit, summary } of figures) most.set(unit, Math.max(most.get(unit) ?? 0, summary.most))
  const space = WIDTH - LABEL_WIDTH - VALUE_WIDTH
  const rows = figures.map(({ name, unit, summary }, index) => {
    const y = TOP + index * ROW
    const scale = space / (most.get(unit) || 1)
    const at = (value: number): string => (LABEL_WIDTH + value * scale).toFixed(1)
    return [
      text(LABEL_WIDTH - 8, y + 15, name, 'end'),
      `<rect x="${LABEL_WIDTH}" y="${y + 3}" width="${(summary.median * scale).toFixed(1)}" height="16" fill="${COLOURS[0]}"/>`,
      `<line x1="${at(summary.least)}" x2="${at(summary.most)}" y1="${y + 11}" y2="${y + 11}" stroke="#24292f" stroke-width="2"/>`,
      text(Number(at(Math.max(summary.median, summary.most))) + 6, y + 15, `${summary.median} ${unit}`),
    ].join('')
  })
  return svg(title, TOP + figures.length * ROW + 10, rows)
}

/** Each value over its bound, on a logarithmic scale around the bound: to the right is better. */
export function drawTargets(targets: readonly Target[]): string {
  const space = WIDTH - LABEL_WIDTH - VALUE_WIDTH
  const middle = LABEL_WIDTH + space / 2
  const height = TOP + targets.length * ROW + 10
  const rows = targets.map((target, index) => {
    const y = TOP + index * ROW
    const { bound, value } = target
    const goodness = 'atLeast' in bound ? value / bound.atLeast : bound.atMost / value
    // A factor of 100 fills a side.
    const share = Math.max(-1, Math.min(1, Math.log10(goodness) / 2))
    const length = Math.abs(share) * (space / 2)
    const x = share < 0 ? middle - length : middle
    return [
      text(LABEL_WIDTH - 8, y + 15, target.name, 'end'),
      `<rect x="${x.toFixed(1)}" y="${y + 3}" width="${length.toFixed(1)}" height="16" fill="${isReached(target) ? '#2da44e' : '#cf222e'}"/>`,
      text(WIDTH - VALUE_WIDTH + 6, y + 15, `${target.value} (${boundText(target)})`),
    ].join('')
  })
  return svg('Each value over its target, logarithmic; to the right of the line it is reached', height, [
    ...rows,
    `<line x1="${middle}" x2="${middle}" y1="${TOP - 4}" y2="${height - 6}" stroke="#24292f"/>`,
  ])
}

/** Rates over time, each as a share of its own most, so that their shapes can be compared. */
export function drawCourses(title: string, courses: readonly Course[]): string {
  const seconds = Math.max(...courses.map(({ perSecond }) => perSecond.length), 2)
  const left = 50
  const right = WIDTH - 20
  const bottom = TOP + COURSE_HEIGHT
  const lines = courses.flatMap(({ name, unit, perSecond }, index) => {
    const most = Math.max(...perSecond, 1)
    const points = perSecond.map((count, second) => {
      const x = left + (second / (seconds - 1)) * (right - left)
      return `${x.toFixed(1)},${(bottom - (count / most) * COURSE_HEIGHT).toFixed(1)}`
    })
    const colour = COLOURS[index % COLOURS.length]
    return [
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<rect x="${left}" y="${bottom + 34 + index * 20}" width="14" height="4" fill="${colour}"/>`,
      text(left + 22, bottom + 41 + index * 20, `${name}, at most ${most} ${unit}`),
    ]
  })
  const axes = [
    `<path d="M${left} ${TOP}V${bottom}H${right}" fill="none" stroke="#57606a"/>`,
    text(left - 6, TOP + 4, '100 %', 'end'),
    text(left - 6, bottom + 4, '0', 'end'),
    text(right, bottom + 18, `${seconds} s`, 'end'),
  ]
  return svg(title, bottom + 44 + courses.length * 20, [...axes, ...lines])
}

function svg(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="bold" fill="#24292f">${escaped(title)}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function text(x: number, y: number, words: string, anchor: 'start' | 'end' = 'start'): string {
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}" fill="#24292f">${escaped(words)}</text>`
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
