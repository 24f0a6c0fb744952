import { once } from 'node:events'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { spawn as spawnPty } from '@lydell/node-pty'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commands, type Definition } from '../packages/node/src/cli/commands.ts'
import { startAnvil } from '../packages/node/src/cli/dev/anvil.ts'
import { type Chain, startChain } from './chain.ts'
import { createHome, type Home, run } from './jejuCompute.ts'

let chain: Chain
let home: Home

beforeAll(async () => {
  chain = await startChain()
  home = createHome(chain)
})

afterAll(async () => {
  await chain?.close()
  home?.remove()
})

test('every command has help with an example', async () => {
  const paths = commands.flatMap((definition) => pathsOf(definition))
  expect(paths.length).toBeGreaterThan(15)
  for (const path of paths) {
    const { code, stdout } = await run([...path, '--help'], home.env)
    expect(code, path.join(' ')).toBe(0)
    expect(stdout, path.join(' ')).toContain('Example:\n  $ jeju-compute ')
  }
})

test('every command and option that the documents name is there', () => {
  const named = documents().flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/jeju-compute((?: +[^\s`|)"#…]+)+)/g)].map(([, words = '']) => ({
      file,
      words: words.trim().split(/ +/),
    })),
  )
  expect(named.length).toBeGreaterThan(50)
  for (const { file, words } of named)
    expect(strangerIn(words), `${words.join(' ')} in ${file}`).toBeUndefined()
})

test('a chain that does not answer is worth another try', async () => {
  const { code, stderr } = await run(['providers', '--rpc', 'http://127.0.0.1:1'], home.env)
  expect(stderr).toBe('No chain answers at http://127.0.0.1:1; check --rpc or JEJU_RPC_URL.\n')
  expect(code).toBe(75)
})

test('a chain without known contracts says what to set', async () => {
  const other = await startAnvil({ args: ['--chain-id', '5'], port: 0 })
  try {
    const { JEJU_DEPLOYMENT: _, ...env } = home.env
    const unknown = await run(['providers', '--rpc', other.rpcUrl], env)
    expect(unknown.stderr).toContain('No contracts are known on chain 5')
    expect(unknown.code).toBe(1)

    const wrong = await run(['providers', '--rpc', other.rpcUrl], home.env)
    expect(wrong.stderr).toContain('is for chain 31337, and the chain that answers is 5')
    expect(wrong.code).toBe(1)

    const noAddresses = { ...home.env, JEJU_DEPLOYMENT: join(import.meta.dirname, '../package.json') }
    expect((await run(['providers'], noAddresses)).stderr).toContain(
      'package.json does not hold the contracts',
    )
  } finally {
    await other.close()
  }
})

test('a local chain with nothing deployed says so', async () => {
  const empty = await startAnvil({ port: 0 })
  try {
    const { code, stderr } = await run(['providers', '--rpc', empty.rpcUrl], home.env)
    expect(stderr).toContain('has no contracts at')
    expect(code).toBe(1)
  } finally {
    await empty.close()
  }
})

test.each([
  [['rent', '7'], 'There is no provider 7; `jeju-compute providers` lists them.'],
  [['rent', '1', '--hours', '0'], '--hours is a whole number above 0; it was "0".'],
  [['rent', '1', '--key', import.meta.filename], 'cli.test.ts holds no public key that OpenSSH can read.'],
  [['rent', '1', '--key', '/none'], 'The SSH public key /none cannot be read.'],
  [['terminate', '4'], 'There is no session 4; `jeju-compute sessions` lists yours.'],
  [['extend', '4', '1'], 'There is no session 4; `jeju-compute sessions` lists yours.'],
  [['verify', '7'], 'There is no provider 7; `jeju-compute providers` lists them.'],
  [['ledger', 'close', '7'], 'There is no provider 7; `jeju-compute providers` lists them.'],
  [['ssh', '4'], 'There is no session 4; `jeju-compute sessions` lists yours.'],
  [['ssh', '4', '-i', 'key'], 'Options go before the session: `jeju-compute ssh -i … 4`.'],
  [['ssh', '4', '--', 'true'], 'There is no session 4; `jeju-compute sessions` lists yours.'],
  [['ssh', '-i', '/none', '4'], 'There is no private key at /none.'],
  [['keeper', 'webhook', 'add'], 'It is `jeju-compute keeper webhook add [options] <trigger>`; --help says'],
  [['scp', 'notes.txt', '4:'], 'There is no session 4; `jeju-compute sessions` lists yours.'],
  [['scp', 'here', 'there'], 'Name what to copy and where to, one of them in a session'],
  [['ledger', 'deposit', '-1'], 'The deposit is an amount of ETH such as 0.25; it was "-1".'],
  [['ledger', 'deposit', '1,5'], 'The deposit is an amount of ETH such as 0.25; it was "1,5".'],
  [
    ['ledger', 'withdraw', '1'],
    'Nothing is in the ledger; `jeju-compute ledger balance` shows where money is.',
  ],
])('refuses %j in one sentence', async (args, sentence) => {
  const { code, stderr, stdout } = await run(args, home.env)
  expect(stderr).toContain(sentence)
  expect(stderr).not.toContain('    at ')
  expect(stdout).toBe('')
  expect(code).toBe(1)
})

test('money goes to the ledger and comes back', async () => {
  expect((await run(['ledger', 'deposit', '1.5'], home.env)).code).toBe(0)
  expect((await run(['ledger', 'withdraw', '0.5'], home.env)).code).toBe(0)
  const { stdout } = await run(['ledger', 'balance', '--json'], home.env)
  expect(JSON.parse(stdout).ledger).toBe('1000000000000000000')

  const tooMuch = await run(['ledger', 'withdraw', '2'], home.env)
  expect(tooMuch.stderr).toBe('1 ETH is in the ledger; 2 ETH cannot be withdrawn.\n')
  const all = await run(['ledger', 'withdraw', 'all', '--json'], home.env)
  expect(JSON.parse(all.stdout).amount).toBe('1000000000000000000')
})

test('a provider that does not answer is not paid', async () => {
  const own = createHome(chain)
  try {
    const { stdout } = await run(
      ['provider', 'register', '--endpoint', 'http://127.0.0.1:1', '--json'],
      own.env,
    )
    const { providerId } = JSON.parse(stdout)
    const { code, stderr } = await run(['rent', providerId], own.env)
    expect(stderr).toContain(
      `Provider ${providerId} does not answer at http://127.0.0.1:1, so nothing was paid`,
    )
    expect(code).toBe(75)
    expect((await run(['rent'], own.env)).stderr).toBe('No provider answers now; nothing was paid.\n')
    expect((await run(['sessions', '--json'], own.env)).stdout).toBe('[]\n')
  } finally {
    own.remove()
  }
})

test.each([
  [
    'provider start',
    '--port',
    (port: number) => `Port ${port}, for the HTTP API, is taken by process ${process.pid} (`,
  ],
  [
    'provider start --port 0',
    '--ssh-port',
    (port: number) => `Port ${port}, for SSH, is taken by process ${process.pid} (`,
  ],
  ['proxy', '--port', (port: number) => `Port ${port}, for the proxy, is taken by process ${process.pid} (`],
  [
    'keeper start',
    '--webhook-port',
    (port: number) => `Another program listens on port ${port} of 127.0.0.1; end it, or`,
  ],
  [
    'keeper start --webhook-port 0',
    '--metrics-port',
    (port: number) => `Another program listens on port ${port} of`,
  ],
])('%s with a taken %s says so in one line, and what to set', async (command, option, sentence) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  try {
    const { port } = other.address() as AddressInfo
    const { code, stderr } = await run([...command.split(' '), option, String(port)], home.env)
    const said = stderr
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('Key from '))
    expect(said, stderr).toHaveLength(1)
    expect(said[0]).toContain(sentence(port))
    expect(said[0]).toContain(` with ${option}`)
    expect(code).toBe(1)
  } finally {
    other.close()
  }
})

test('an address that this machine has not is named', async () => {
  const { code, stderr } = await run(['keeper', 'start', '--host', '203.0.113.7'], home.env)
  expect(stderr).toContain('This machine has no address 203.0.113.7 to listen on;')
  expect(code).toBe(1)
})

test('advice names the command as it was called', async () => {
  const { stderr } = await run(['ssh', '4'], { ...home.env, JEJU_COMMAND: './jeju-compute' })
  expect(stderr).toBe('There is no session 4; `./jeju-compute sessions` lists yours.\n')
})

test('a wallet is made once, and opens with its password alone', async () => {
  const own = createHome(chain)
  try {
    const env = { ...own.env, JEJU_PASSWORD: 'correct horse' }
    const made = await run(['wallet', 'new', '--json'], env)
    const { address, keystore } = JSON.parse(made.stdout)
    expect(keystore).toBe(join(own.path, 'wallet.json'))

    const shown = await run(['wallet', 'address'], env)
    expect(shown.stdout).toBe(`${address}\n`)
    expect((await run(['ledger', 'deposit', '1'], env)).stderr).toContain(
      `The wallet ${address} holds too little to pay for deposit and its fee; send it more.`,
    )
    const funded = await run(['wallet', 'fund', '2', '--json'], env)
    expect(JSON.parse(funded.stdout).balance).toBe('2000000000000000000')
    expect((await run(['wallet', 'new'], env)).stderr).toContain('holds a wallet already')
    const { JEJU_PASSWORD: _, ...locked } = env
    expect((await run(['wallet', 'address'], locked)).stdout, 'without its password').toBe(`${address}\n`)
    const wrong = await run(['ledger', 'deposit', '1'], { ...env, JEJU_PASSWORD: 'wrong' })
    expect(wrong).toMatchObject({ code: 1, stderr: `The password does not open ${keystore}.\n` })

    writeFileSync(keystore, 'no JSON')
    expect((await run(['wallet', 'address'], env)).stderr).toContain('is not a keystore in JSON')
  } finally {
    own.remove()
  }
})

test('Ctrl-C at a question ends the command, and does nothing', async () => {
  const own = createHome(chain)
  try {
    const bin = join(import.meta.dirname, '../packages/node/src/bin.ts')
    const terminal = spawnPty(process.execPath, ['--conditions=src', bin, 'wallet', 'new'], { env: own.env })
    let said = ''
    const code = await new Promise<number>((resolve) => {
      terminal.onData((data) => {
        said += data
        if (data.includes('Password for ')) terminal.write('\x03')
      })
      terminal.onExit(({ exitCode }) => resolve(exitCode))
    })
    expect(said).toMatch(/^Password for .*: \r\nNothing was done\.\r\n$/)
    expect(code).toBe(130)
  } finally {
    own.remove()
  }
})

test('a key that is no key is refused without being shown', async () => {
  const { code, stderr } = await run(['wallet', 'address'], { ...home.env, JEJU_PRIVATE_KEY: '0xsecret' })
  expect(stderr).toBe('JEJU_PRIVATE_KEY must be 32 bytes in hexadecimal.\n')
  expect(code).toBe(1)
})

function pathsOf(definition: Definition): string[][] {
  const name = definition.usage.split(' ')[0] ?? ''
  if (!('commands' in definition)) return [[name]]
  return [[name], ...definition.commands.flatMap(pathsOf).map((path) => [name, ...path])]
}

function documents(): string[] {
  const root = join(import.meta.dirname, '..')
  const files = globSync(['README.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: root })
  return files.map((file) => join(root, file))
}

/** The first word of a command line that is no command and no option here; undefined if all are. */
function strangerIn(words: readonly string[]): string | undefined {
  let at: Definition | undefined
  let within: readonly Definition[] | undefined = commands
  for (const word of words) {
    if (word === '--') return undefined
    if (word.startsWith('-')) {
      const known = at && 'options' in at ? (at.options ?? []).flatMap(([flags]) => flags.split(/[ ,]+/)) : []
      if (![...known, '--help', '--json', '--rpc', '--yes', '-y'].includes(word)) return word
    } else if (within) {
      at = within.find(({ usage }) => usage.split(' ')[0] === word)
      if (at === undefined) return word
      within = 'commands' in at ? at.commands : undefined
    }
  }
  return undefined
}
