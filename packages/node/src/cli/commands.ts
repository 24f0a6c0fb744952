import { attester } from './attesterCommands.ts'
import type { Run } from './context.ts'
import { guardian } from './guardianCommands.ts'
import { HTTP_PORT, provider } from './providerCommands.ts'
import { keeper, trigger } from './triggerCommands.ts'

/** A command of the command line, or a group of them. What it runs is loaded when it runs. */
export type Definition = Group | Leaf

type Named = { usage: string; summary: string; example: string }
export type Group = Named & { commands: readonly Definition[] }
type Leaf = Named & {
  options?: readonly (readonly [flags: string, description: string])[]
  /** It spends or binds money, or cannot be undone, and so asks first, on the local chain excepted. */
  asks?: true
  /** What follows the first argument belongs to another program. */
  passThrough?: true
  load: () => Promise<Run>
}

/** What is asked of a machine before money or a key goes to it. */
const PROOF = [
  ['--verified', 'only if `verify` passes'],
  ['--workload <id>', 'only if this workload is proven to run there'],
  ['--quorum <id>', 'only if proven by the chain itself or by this quorum'],
] as const

const renting: Leaf[] = [
  {
    usage: 'providers',
    summary: 'List what there is to rent.',
    example: 'providers --gpu H100 --max-price 2',
    options: [
      ['--gpu <model>', 'whose GPU claims this in its name, such as H100'],
      ['--min-gpus <n>', 'with so many GPUs at least'],
      ['--max-price <eth>', 'an hour costs at most this'],
      ['--tee <kind>', 'whose attestation is of sgx, tdx, sev-snp or nvidia'],
      ['--level <n>', 'attested at least so: 1 by the quorum of --quorum, 2 verified on chain'],
      ['--quorum <id>', 'the quorum whose word counts as level 1'],
      ['--all', 'inactive and flagged ones too'],
    ],
    load: async () => (await import('./commands/providers.ts')).providers,
  },
  {
    usage: 'verify <provider>',
    summary: "Check a provider's machine by its evidence, to the chip vendor's key.",
    example: 'verify 1',
    options: [
      ['--workload <id>', 'what must run there, as a workload id (default: anything)'],
      ['--quorum <id>', 'whose word to take where the chain cannot verify (default: any, and shown)'],
    ],
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  {
    usage: 'rent [provider]',
    summary: 'Rent a machine: by its provider id, or the cheapest active one.',
    example: 'rent 1 --hours 24',
    options: [
      ['--hours <hours>', 'how long, paid in advance; unused seconds are refunded (default 1)'],
      ...PROOF,
      ['--key <file>', 'SSH public key to log in with (default ~/.ssh/id_ed25519.pub, else one is made)'],
    ],
    asks: true,
    load: async () => (await import('./commands/rent.ts')).rent,
  },
  {
    usage: 'ssh <session> [command...]',
    summary: 'Log in to a rented machine, or run a command there.',
    example: 'ssh 1 -- uname -a',
    options: [
      ['-i, --identity <file>', 'private key to log in with'],
      ...PROOF,
      ['--claimed', 'trust the host key that the provider published, whatever is attested'],
    ],
    passThrough: true,
    load: async () => (await import('./commands/ssh.ts')).ssh,
  },
  {
    usage: 'scp <paths...>',
    summary: 'Copy files to a rented machine or from it; `1:` is session 1.',
    example: 'scp README.md 1:',
    options: [
      ['-r, --recursive', 'copy folders'],
      ['-i, --identity <file>', 'private key to log in with'],
      ...PROOF,
      ['--claimed', 'trust the host key that the provider published, whatever is attested'],
    ],
    load: async () => (await import('./commands/ssh.ts')).scp,
  },
  {
    usage: 'sessions',
    summary: 'List your rentals, newest first.',
    example: 'sessions --limit 5',
    options: [['--limit <n>', 'how many (default 20)']],
    load: async () => (await import('./commands/sessions.ts')).sessions,
  },
  {
    usage: 'extend <session> <hours>',
    summary: 'Add hours to a running rental at its own price.',
    example: 'extend 1 12',
    asks: true,
    load: async () => (await import('./commands/sessions.ts')).extend,
  },
  {
    usage: 'terminate <session>',
    summary: 'End a rental and get the unused money back.',
    example: 'terminate 1',
    asks: true,
    load: async () => (await import('./commands/sessions.ts')).terminate,
  },
  {
    usage: 'dispute <session>',
    summary: "End a rental and have guardians decide about its last hour's pay, for a bond of a fifth of it.",
    example: 'dispute 1',
    asks: true,
    load: async () => (await import('./commands/judge.ts')).dispute,
  },
  {
    usage: 'rate <session> <1-5>',
    summary: 'Rate the provider of a rental, 5 being best; takes a stake of 0.01 ETH, which you get back.',
    example: 'rate 1 5',
    asks: true,
    load: async () => (await import('./commands/judge.ts')).rate,
  },
]

const PAYING = [
  ['--provider <id>', 'use this provider alone (default: the cheapest that serves the model)'],
  ['--deposit <eth>', 'what to put into a channel with a provider that has none (default 0.01)'],
  ['--max-per-request <eth>', 'what one request may cost at most'],
] as const

const inference: Leaf[] = [
  {
    usage: 'models',
    summary: 'List the models that are served, and their prices.',
    example: 'models --json',
    load: async () => (await import('./commands/inference.ts')).models,
  },
  {
    usage: 'chat <prompt...>',
    summary: 'Ask a model, and pay for the answer as it arrives.',
    example: 'chat "Once upon a time"',
    options: [
      ['--model <name>', 'which model (default: the first that is served)'],
      ['--max-tokens <n>', 'the longest answer'],
      ...PAYING,
    ],
    asks: true,
    load: async () => (await import('./commands/inference.ts')).chat,
  },
  {
    usage: 'proxy',
    summary: 'Be an OpenAI server on this machine that pays providers as it goes.',
    example: 'proxy --port 8007',
    options: [['--port <port>', 'where to listen on 127.0.0.1 (default 8007)'], ...PAYING],
    asks: true,
    load: async () => (await import('./commands/inference.ts')).proxy,
  },
]

const ledger: Group = {
  usage: 'ledger',
  summary: 'Your money in the market.',
  example: 'ledger balance',
  commands: [
    {
      usage: 'balance',
      summary: 'Show all of it: wallet, ledger, inference, channels, stake.',
      example: 'ledger balance --json',
      load: async () => (await import('./commands/ledger.ts')).balance,
    },
    {
      usage: 'deposit <eth>',
      summary: 'Move ETH from the wallet to the ledger.',
      example: 'ledger deposit 0.5',
      asks: true,
      load: async () => (await import('./commands/ledger.ts')).deposit,
    },
    {
      usage: 'withdraw <eth>',
      summary:
        'Move ETH, or `all`, from the ledger, or with --inference from the inference balance, to the wallet.',
      example: 'ledger withdraw all --inference',
      options: [['--inference', 'from the inference balance']],
      load: async () => (await import('./commands/ledger.ts')).withdraw,
    },
    {
      usage: 'close <provider>',
      summary: 'Close the channel with a provider: what is left of it becomes free for inference.',
      example: 'ledger close 1',
      load: async () => (await import('./commands/close.ts')).close,
    },
    {
      usage: 'unstake [eth]',
      summary:
        "Ask for stake back, such as an attester's or the one for ratings, and take it seven days later.",
      example: 'ledger unstake',
      asks: true,
      load: async () => (await import('./commands/withdrawStake.ts')).withdrawAsUser,
    },
  ],
}

const wallet: Group = {
  usage: 'wallet',
  summary: 'The key that pays and is paid.',
  example: 'wallet new',
  commands: [
    {
      usage: 'new',
      summary: 'Make a key and keep it encrypted.',
      example: 'wallet new',
      load: async () => (await import('./commands/wallet.ts')).newWallet,
    },
    {
      usage: 'fund [eth]',
      summary: 'Take play money, 10 ETH unless you say; on the local chain alone.',
      example: 'wallet fund',
      load: async () => (await import('./commands/wallet.ts')).fund,
    },
    {
      usage: 'address',
      summary: 'Show the address of the wallet in use.',
      example: 'wallet address',
      load: async () => (await import('./commands/wallet.ts')).address,
    },
  ],
}

const dev: Leaf = {
  usage: 'dev',
  summary: 'Run a whole local market: a chain, the contracts and a provider.',
  example: 'dev --reset',
  options: [
    ['--reset', 'start afresh: forget the local chain and its sessions'],
    ['--rpc-port <port>', "the chain's port (default 6546)"],
    HTTP_PORT,
    ['--ssh-port <port>', 'port of the SSH gateway (default 2222)'],
  ],
  load: async () => (await import('./dev/dev.ts')).dev,
}

export const commands: readonly Definition[] = [
  dev,
  provider,
  ...renting,
  ...inference,
  ledger,
  guardian,
  wallet,
  trigger,
  keeper,
  attester,
]
