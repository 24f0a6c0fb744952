/** What made_up_tee asks: 64 bytes to sign, in a report of a privilege level. */
export type Question = { privlevel: number; reportData: Uint8Array }

/** What it is answered: a report and the certificates that go along, or an error of the kernel's. */
export type Answer = { report: Uint8Array; certificates?: Uint8Array } | { error: number }

export const BYTES = 72

export function decode(bytes: Buffer): Question {
  const length = bytes.readUInt32LE(4)
  return { privlevel: bytes.readUInt32LE(0), reportData: new Uint8Array(bytes.subarray(8, 8 + length)) }
}

export function encode(answer: Answer): Buffer {
  const head = Buffer.alloc(8)
  if ('error' in answer) {
    head.writeInt32LE(-answer.error)
    return head
  }
  head.writeUInt32LE(answer.report.length, 4)
  return Buffer.concat([head, answer.report, answer.certificates ?? Buffer.alloc(0)])
}
