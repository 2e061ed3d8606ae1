import { EventEmitter } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import type { ClientChannel } from 'ssh2'
import { RemoteDialogue } from './remote-dialogue.ts'

/** The part of a channel that a dialogue listens to. */
function fakeChannel() {
  const stderr = new EventEmitter()
  const channel = Object.assign(new EventEmitter(), { stderr, pause: () => channel, resume: () => channel })
  return { channel: channel as unknown as ClientChannel, stderr }
}

describe('what a host says before a program of ours speaks', () => {
  it('is read by whole characters, wherever it is torn and cut', () => {
    const { channel, stderr } = fakeChannel()
    const dialogue = new RemoteDialogue(channel, 'nonce', () => Promise.resolve())
    const rocket = Buffer.from('🚀')
    stderr.emit('data', Buffer.concat([Buffer.from('a'), rocket.subarray(0, 2)]))
    stderr.emit('data', rocket.subarray(2))
    expect(dialogue.prelude).toBe('a🚀')
    stderr.emit('data', Buffer.from('🚀'.repeat(1000)))
    expect(dialogue.prelude).toBe(`a${'🚀'.repeat(499)}`)
  })
})
