import { createServer, type AddressInfo } from 'node:net'
import { expect, it } from '@jest/globals'
import { chooseApiPort } from './api-port.ts'
import { nextFreePort } from './free-port.ts'

it('refuses a port that was asked for and is taken, and finds the next one when asked', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await expect(chooseApiPort('127.0.0.1', port, () => undefined)).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken`,
    )
    expect(await nextFreePort('127.0.0.1', port)).not.toBe(port)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
  expect(await chooseApiPort('127.0.0.1', 0, () => undefined)).toBeGreaterThan(0)
})
