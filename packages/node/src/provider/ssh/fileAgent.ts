import type { Readable } from 'node:stream'
import type { Runtime } from '../runtime/Runtime.ts'

/** So much of a file is asked for at once. */
export const LONGEST_READ: number = 256 * 1024
const LONGEST_ANSWER = 4 << 20

/**
 * A shell on the machine that does what a file transfer asks for: any image with `sh`, `stat`, `dd` and `find` can
 * take part, no SFTP server needed. A request is four lines, and the bytes to write; an answer is lines that begin
 * with a colon, or bytes announced by `data`, then `ok` or `no` and what is wrong.
 */
const AGENT = `LC_ALL=C
export LC_ALL
cd 2>/dev/null
F='%f %s %u %g %X %Y'
try() { E=$("$@" 2>&1 </dev/null) && echo ok || { printf 'no %s\\n' "$(printf %s "$E" | tr '\\n' ' ')"; return 1; }; }
tell() { O=$("$@" 2>&1 </dev/null) && printf ':%s\\nok\\n' "$O" || printf 'no %s\\n' "$(printf %s "$O" | tr '\\n' ' ')"; }
while IFS= read -r op && IFS= read -r a && IFS= read -r b && IFS= read -r c; do
case $op in
stat) tell stat -L -c "$F" -- "$a" ;;
lstat) tell stat -c "$F" -- "$a" ;;
home) printf ':%s\\nok\\n' "$PWD" ;;
path) O=$(readlink -f -- "$a" 2>/dev/null) || O=$a; printf ':%s\\nok\\n' "$O" ;;
link) tell readlink -- "$a" ;;
list) if [ -d "$a" ] && [ -r "$a" ]; then
    (cd -- "$a" && find . -maxdepth 1 -exec stat -c "$F %n" {} + </dev/null 2>/dev/null | sed 's/^/:/'); echo ok
  elif [ -d "$a" ]; then echo no Permission denied; else echo no No such file; fi ;;
mkdir) try mkdir -- "$a" ;;
rmdir) try rmdir -- "$a" ;;
rm) if [ -d "$a" ] && [ ! -L "$a" ]; then echo no Is a directory; else try rm -- "$a"; fi ;;
mv) if [ -e "$b" ] || [ -L "$b" ]; then echo no File exists; else try mv -- "$a" "$b"; fi ;;
ln) try ln -s -- "$a" "$b" ;;
chmod) try chmod "$b" -- "$a" ;;
chown) try chown "$b" -- "$a" ;;
touch) try touch -d "@$b" -- "$a" ;;
cut) try dd if=/dev/null of="$a" bs=1 count=0 seek="$b" ;;
make) try sh -c 'set -C; : > "$0"' "$a" ;;
clear) try sh -c ': > "$0"' "$a" ;;
open) if [ ! -e "$a" ]; then echo no No such file; elif [ -d "$a" ]; then echo no Is a directory
  elif [ "$b" = w ] && [ ! -w "$a" ]; then echo no Permission denied
  elif [ "$b" = r ] && [ ! -r "$a" ]; then echo no Permission denied; else echo ok; fi ;;
read) S=$(stat -L -c %s -- "$a" 2>/dev/null </dev/null) || S=0
  N=$((S - b)); [ "$N" -gt "$c" ] && N=$c; [ "$N" -lt 0 ] && N=0
  printf 'data %s\\n' "$N"
  B=4096; while [ $((b % B)) != 0 ]; do B=$((B / 2)); done
  if [ "$N" -gt 0 ]; then
    { if [ "$B" -ge 512 ]; then dd if="$a" bs="$B" skip=$((b / B)) count=$((N / B + 1)); else tail -c +$((b + 1)) -- "$a"; fi
      cat /dev/zero; } 2>/dev/null </dev/null | head -c "$N"
  fi
  echo ok ;;
write) B=65536; while [ $((b % B)) != 0 ]; do B=$((B / 2)); done
  if E=$(dd of="$a" ibs="$c" obs="$B" count=1 iflag=fullblock seek=$((b / B)) conv=notrunc 2>&1); then echo ok
  else printf 'no %s\\n' "$(printf %s "$E" | tr '\\n' ' ')"; exit 1; fi ;;
esac
done`

export type FileAgent = {
  /** Does one thing; ask the next when it has answered. Throws `FileError`. */
  ask(op: string, path: string, more?: FileAgent.More): Promise<FileAgent.Answer>
  close(): void
}

export declare namespace FileAgent {
  type More = { b?: string | bigint | number; c?: string | number; bytes?: Buffer }
  type Answer = { lines: string[]; data: Buffer }
}

/** The machine's own words for what is wrong with a file. */
export class FileError extends Error {
  override readonly name = 'FileError'
}

export async function openFileAgent(runtime: Runtime, sessionId: bigint): Promise<FileAgent> {
  const shell = await runtime.exec(sessionId, { command: AGENT })
  shell.stderr.resume()
  shell.stdin.on('error', () => {})
  // Warning: the renter is root there. The machine answers what he wants, without an end if he likes.
  const input = reader(shell.stdout, () => shell.kill('KILL'))
  let last: Promise<unknown> = Promise.resolve()
  return {
    ask(op, path, { b = '', bytes, c = '' } = {}) {
      const arguments_ = [op, path, String(b), String(c)]
      if (arguments_.some((line) => /[\n\0]/.test(line)))
        return Promise.reject(new FileError('Invalid argument'))
      const answer = last.then(async () => {
        shell.stdin.write(`${arguments_.join('\n')}\n`)
        if (bytes !== undefined) shell.stdin.write(bytes)
        return readAnswer(input)
      })
      last = answer.catch(() => {})
      return answer
    },
    close() {
      shell.stdin.end()
      shell.kill('HUP')
    },
  }
}

async function readAnswer(input: Reader): Promise<FileAgent.Answer> {
  const lines: string[] = []
  let data: Buffer = Buffer.alloc(0)
  for (let left = LONGEST_ANSWER; ; ) {
    const line = (await input.line(left)).toString()
    left -= line.length + 1
    if (line.startsWith(':')) lines.push(line.slice(1))
    else if (line === 'ok') return { data, lines }
    else if (line.startsWith('data ')) data = await input.bytes(Number(line.slice(5)))
    else throw new FileError(line.slice(3))
  }
}

type Reader = { line(longest: number): Promise<Buffer>; bytes(count: number): Promise<Buffer> }

function reader(stream: Readable, onTooLong: () => void): Reader {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest: Buffer = Buffer.alloc(0)
  const more = async () => {
    const { done, value } = await chunks.next()
    if (done) throw new FileError('the machine is gone')
    rest = Buffer.concat([rest, value])
  }
  const assertFits = (length: number, longest: number) => {
    if (length <= longest) return
    onTooLong()
    stream.destroy()
    throw new FileError('the answer of the machine is too long')
  }
  const take = (count: number, skip = 0) => {
    const taken = rest.subarray(0, count)
    rest = rest.subarray(count + skip)
    return taken
  }
  return {
    async bytes(count) {
      assertFits(count, LONGEST_READ)
      while (rest.length < count) await more()
      return take(count)
    },
    async line(longest) {
      for (;;) {
        const end = rest.indexOf(10)
        assertFits(end === -1 ? rest.length : end, longest)
        if (end !== -1) return take(end, 1)
        await more()
      }
    },
  }
}
