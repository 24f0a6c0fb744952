import ssh2 from 'ssh2'

const PATIENCE_MS = 10_000

/** The host key that an SSH server proves to have, as in `known_hosts`; undefined where none answers. Logs in to nothing. */
export function hostKeyShown({ host, port }: { host: string; port: number }): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const client = new ssh2.Client()
  let named: string | undefined
  client.on('error', () => resolve(undefined))
  client.on('close', () => resolve(undefined))
  client.once('handshake', () => {
    resolve(named)
    client.destroy()
  })
  client.connect({
    host: host.replace(/^\[|\]$/g, ''),
    // Warning: asked before the server's signature is looked at, so a server may name any key here. Only one that signed with
    // it gets through the handshake.
    hostVerifier: (blob: Buffer) => {
      const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1')
      named = `${type} ${blob.toString('base64')}`
      return true
    },
    port,
    readyTimeout: PATIENCE_MS,
    username: 'nobody',
  })
  return promise
}
