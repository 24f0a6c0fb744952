import { request } from 'node:http'

/** Whether a container engine answers on the socket that DOCKER_HOST names, or the usual one. */
export async function engineAnswers(): Promise<boolean> {
  return (await ask('/_ping').catch(() => '')) === 'OK'
}

/** The containers of a session, running or not. */
export async function containers(computeRental: string, sessionId: bigint): Promise<readonly unknown[]> {
  const label = [`network.jeju.rental=${computeRental}`, `network.jeju.session=${sessionId}`]
  const filters = encodeURIComponent(JSON.stringify({ label }))
  return JSON.parse(await ask(`/containers/json?all=true&filters=${filters}`))
}

function ask(path: string): Promise<string> {
  const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
  return new Promise((resolve, reject) => {
    const asked = request({ path, socketPath: host.replace('unix://', '') }, (answer) => {
      let body = ''
      answer.on('data', (chunk: Buffer) => {
        body += chunk
      })
      answer.on('end', () => resolve(body))
    })
    asked.on('error', reject)
    asked.end()
  })
}
