import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fits, missingLabels, normalizeLabels } from './labels.ts'

const label = fc.constantFrom('linux', 'gpu', 'node', 'rust', 'docker')
const labels = fc.uniqueArray(label)

describe('a task', () => {
  it('fits an agent exactly when its requirements are a subset of the labels', () => {
    fc.assert(
      fc.property(labels, labels, (requires, offered) => {
        const subset = requires.every((required) => offered.includes(required))
        expect(fits(requires, offered)).toBe(subset)
        expect(missingLabels(requires, offered).length === 0).toBe(subset)
      }),
    )
  })

  it('without requirements fits everybody', () => {
    expect(fits([], [])).toBe(true)
  })

  it('names what is missing in its own order', () => {
    expect(missingLabels(['node', 'gpu', 'linux'], ['linux'])).toEqual(['node', 'gpu'])
  })
})

describe('normalizeLabels', () => {
  it('gives one spelling to one label', () => {
    expect(normalizeLabels([' Linux', 'GPU', 'linux ', ''])).toEqual(['gpu', 'linux'])
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (any) => {
        const once = normalizeLabels(any)
        expect(normalizeLabels(once)).toEqual(once)
      }),
    )
  })
})
