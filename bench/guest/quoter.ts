// Carries the questions of made_up_tee to a URL and the answers back, as a quoting service does:
// `node bench/guest/quoter.ts <url>`.

import { open } from 'node:fs/promises'
import { constants } from 'node:os'
import { BYTES, encode } from './Question.ts'

const [url = ''] = process.argv.slice(2)
const tee = await open('/dev/made_up_tee', 'r+')
console.log('ready')
for (;;) {
  const { buffer } = await tee.read(Buffer.alloc(BYTES), 0, BYTES)
  await tee.write(await answer(buffer)).catch((error: NodeJS.ErrnoException) => {
    // Nobody waits for it any more.
    if (error.code !== 'EPIPE') throw error
  })
}

async function answer(question: Buffer): Promise<Buffer> {
  const response = await fetch(url, { body: new Uint8Array(question), method: 'POST' })
  return response.ok ? Buffer.from(await response.arrayBuffer()) : encode({ error: constants.errno.EIO })
}
