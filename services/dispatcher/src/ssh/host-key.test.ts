import { describe, expect, it } from '@jest/globals'
import { describeHostKey, isSameFingerprint } from './host-key.ts'

/** A public key with the fingerprint that `ssh-keygen -lf` printed for it. */
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIEbFcr5Cg6xLR8Gmcv2+/CTtFGy2AJVJGXCHkLNCcL4T'
const FINGERPRINT = 'SHA256:J7ZX/NEAXY1v2WF3ixAvyHN7HnjQP4xHkUcbHPICQik'

describe('describeHostKey', () => {
  it('prints the fingerprint as ssh-keygen does, and reads the type', () => {
    expect(describeHostKey(Buffer.from(KEY, 'base64'))).toEqual({ sha256: FINGERPRINT, type: 'ssh-ed25519' })
  })

  it.each([Buffer.alloc(0), Buffer.from([0xff, 0xff, 0xff, 0xff, 1])])('survives what is no key', (bytes) => {
    expect(describeHostKey(bytes).sha256).toMatch(/^SHA256:/)
  })
})

describe('isSameFingerprint', () => {
  it('ignores what pasting adds', () => {
    expect(isSameFingerprint(` ${FINGERPRINT}=\n`, FINGERPRINT)).toBe(true)
  })

  it('tells keys apart, by case too', () => {
    expect(isSameFingerprint(FINGERPRINT.toLowerCase(), FINGERPRINT)).toBe(false)
    expect(isSameFingerprint('', FINGERPRINT)).toBe(false)
  })
})
