import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { verifySignature } from './signature.ts'

const content = Buffer.from('{"title":"Größe 🚀"}')
const sign = (secret: string) => createHmac('sha256', secret).update(content).digest('hex')
const good = sign('current')
const wrong = sign('somebody else’s')

function reasonFor(headers: Record<string, string | string[]>, secrets = ['next', 'current']): string {
  const verdict = verifySignature({ headers, signedContent: content, secrets })
  return verdict.ok ? 'ok' : verdict.reason
}

describe('verifySignature', () => {
  it.each([
    ['Forgejo’s header', { 'x-forgejo-signature': good }, 'ok'],
    ['Gitea’s header', { 'x-gitea-signature': good }, 'ok'],
    ['the prefixed header', { 'x-hub-signature-256': `sha256=${good}` }, 'ok'],
    ['the secret that was valid before', { 'x-forgejo-signature': sign('next') }, 'ok'],
    ['nothing', {}, 'missing'],
    ['only the header of Gogs', { 'x-gogs-signature': good }, 'missing'],
    ['only SHA-1', { 'x-hub-signature': 'sha1=0123456789' }, 'missing'],
    [
      'headers of a hook without secret',
      { 'x-forgejo-signature': '', 'x-hub-signature-256': 'sha256=' },
      'missing',
    ],
    ['an unknown secret', { 'x-forgejo-signature': wrong }, 'mismatch'],
    ['a prefix where none belongs', { 'x-forgejo-signature': `sha256=${good}` }, 'malformed'],
    ['no prefix where one belongs', { 'x-hub-signature-256': good }, 'malformed'],
    ['upper case', { 'x-forgejo-signature': good.toUpperCase() }, 'malformed'],
    ['too short', { 'x-forgejo-signature': good.slice(2) }, 'malformed'],
    ['the header twice', { 'x-forgejo-signature': [good, good] }, 'malformed'],
  ])('%s: %p is %s', (_, headers, expected) => {
    expect(reasonFor(headers)).toBe(expected)
  })

  it('lets the first header decide that is not empty', () => {
    expect(reasonFor({ 'x-forgejo-signature': wrong, 'x-gitea-signature': good })).toBe('mismatch')
    expect(reasonFor({ 'x-forgejo-signature': '', 'x-gitea-signature': good })).toBe('ok')
    expect(reasonFor({ 'x-gitea-signature': good, 'x-hub-signature-256': `sha256=${wrong}` })).toBe('ok')
  })

  it('never accepts an empty secret', () => {
    expect(reasonFor({ 'x-forgejo-signature': sign('') }, [''])).toBe('mismatch')
    expect(reasonFor({ 'x-forgejo-signature': sign('') }, [])).toBe('mismatch')
  })

  it('says what to do, and not what the signature should have been', () => {
    const verdict = verifySignature({
      headers: { 'x-gitea-signature': wrong },
      signedContent: content,
      secrets: ['current'],
    })
    expect(verdict).toMatchObject({ ok: false, message: expect.stringContaining('x-gitea-signature') })
    expect(JSON.stringify(verdict)).not.toContain(good)
  })
})
