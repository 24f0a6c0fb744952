import type { ServerResponse } from 'node:http'
import { type Served, serve } from '../serve.ts'

/** A key service on loopback with the paths of AMD's. */
export type Kds = Served & { asked: string[] }

/** Serves the files that `make` names at the time of asking, by their paths without the query; others it does not find. */
export async function startKds(make: () => Readonly<Record<string, KdsAnswer>>): Promise<Kds> {
  const asked: string[] = []
  const served = await serve(({ url = '' }, response) => {
    asked.push(url)
    const answer = make()[url.split('?')[0] ?? '']
    if (typeof answer === 'function') answer(response)
    else if (answer) response.end(answer)
    else response.writeHead(404).end()
  })
  return { ...served, asked }
}

export type KdsAnswer = Uint8Array | string | ((response: ServerResponse) => void)
