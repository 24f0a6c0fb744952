import type { Group } from './commands.ts'

const load = async () => import('./commands/trigger.ts')
const loadSponsor = async () => import('./commands/sponsor.ts')

export const trigger: Group = {
  usage: 'trigger',
  summary: 'Have a call made at times, for signed deliveries or for logs.',
  example: 'trigger create --cron "30 12 * * 1-5" --target 0x… --data 0x…',
  commands: [
    {
      usage: 'create',
      summary: 'Create a trigger, of which the wallet is the agent.',
      example:
        'trigger create --cron "30 12 * * 1-5" --utc-offset +02:00 --target 0x… --data 0xd09de08a --fund 0.05',
      options: [
        ['--cron <expression>', 'minute hour day-of-month month weekday, names and @daily too'],
        ['--utc-offset <offset>', 'fixed offset from UTC of the expression, such as +02:00 (default Z)'],
        ['--backfill', 'run every missed tick, in order (default: missed ticks fold into one run)'],
        [
          '--webhook [address]',
          'instead of --cron: run for each webhook, or each delivery that this key signed',
        ],
        ['--event <emitter>', 'instead of --cron: run for each log of this contract'],
        ['--topics <topics>', 'with --event: "Transfer(address,address,uint256) any 0x…", each in its place'],
        ['--chain <id>', 'with --event: the log is of this other chain; needs --quorum'],
        ['--quorum <id>', 'with --chain: the attesters who say so, whom you trust with it'],
        ['--key-type <type>', 'with --webhook: secp256k1 (default), p256 (64 bytes) or erc1271'],
        [
          '--payload-hash',
          "with --webhook: only the payload's hash goes on chain, and to an agent over HTTP",
        ],
        ['--http <url>', 'call your agent there, by a keeper, and nothing on chain'],
        ['--target <address>', 'contract to call (default: the agent, by onTrigger)'],
        ['--data <hex>', "the call's data (default: onTrigger(uint256,uint256,bytes))"],
        ['--gas <gas>', 'gas of the call (default 100000)'],
        ['--max-delay <minutes>', 'how late it may run (default 60)'],
        ['--max-failures <n>', 'failures in a row after which it pauses, 0 for never (default 3)'],
        ['--fund <eth>', 'sponsor it at once with this much; see `trigger fund`'],
      ],
      asks: true,
      load: async () => (await load()).create,
    },
    {
      usage: 'list',
      summary: 'List your triggers, newest first.',
      example: 'trigger list --json',
      options: [
        ['--all', "everybody's"],
        ['--limit <n>', 'how many (default 20)'],
      ],
      load: async () => (await load()).list,
    },
    {
      usage: 'show <trigger>',
      summary: 'Show a trigger: its next runs, its balance, its last results.',
      example: 'trigger show 1',
      load: async () => (await load()).show,
    },
    {
      usage: 'fund <trigger> <eth>',
      summary: 'Pay for its executions: become its sponsor, or add to its balance.',
      example: 'trigger fund 1 0.05 --max-gas-price 30',
      options: [
        ['--max-gas-price <gwei>', 'no execution at a higher gas price (default 100)'],
        ['--days <days>', 'how long you sponsor it (default 365)'],
      ],
      asks: true,
      load: async () => (await loadSponsor()).fund,
    },
    {
      usage: 'withdraw <trigger>',
      summary: 'Stop paying for it: give notice, and ten minutes later, again, take the balance back.',
      example: 'trigger withdraw 1',
      asks: true,
      load: async () => (await loadSponsor()).withdraw,
    },
    {
      usage: 'logs <trigger>',
      summary: 'List its last executions, oldest first.',
      example: 'trigger logs 1 --limit 500 --json',
      options: [['--limit <n>', 'how many (default 50)']],
      load: async () => (await load()).logs,
    },
    {
      usage: 'pause <trigger>',
      summary: 'Keep it from running until resumed.',
      example: 'trigger pause 1',
      load: async () => (await load()).pause,
    },
    {
      usage: 'resume <trigger>',
      summary: 'Let a paused trigger run again; what was missed is not made up for.',
      example: 'trigger resume 1',
      load: async () => (await load()).resume,
    },
    {
      usage: 'deactivate <trigger>',
      summary: 'End it for ever.',
      example: 'trigger deactivate 1',
      asks: true,
      load: async () => (await load()).deactivate,
    },
  ],
}

const DATABASE = [
  '--database <url>',
  'share work with other keepers through this PostgreSQL (default: a file of its own)',
] as const

const loadWebhook = async () => import('./commands/webhook.ts')

const webhook: Group = {
  usage: 'webhook',
  summary: 'Take Standard Webhooks for triggers, and sign them again with the key of each.',
  example: 'keeper webhook add 1',
  commands: [
    {
      usage: 'add <trigger>',
      summary:
        'Make a hook for a webhook trigger, or add a secret to the one it has, and give the trigger its key.',
      example: 'keeper webhook add 1 --secret-file sender.secret',
      options: [
        ['--secret-file <file>', "the sender's own secret, whsec_… or whpk_… (default: one is made)"],
      ],
      load: async () => (await loadWebhook()).add,
    },
    {
      usage: 'list',
      summary: 'List the hooks of this machine, without their secrets.',
      example: 'keeper webhook list --json',
      load: async () => (await loadWebhook()).list,
    },
    {
      usage: 'remove <trigger>',
      summary: 'Take no more webhooks for a trigger.',
      example: 'keeper webhook remove 1',
      load: async () => (await loadWebhook()).remove,
    },
  ],
}

const loadDeadLetters = async () => import('./commands/deadLetters.ts')

const deadLetters: Group = {
  usage: 'dead-letters',
  summary: 'Calls of agents over HTTP that were given up.',
  example: 'keeper dead-letters list',
  commands: [
    {
      usage: 'list',
      summary: 'List them, with what the last attempt came to, newest first.',
      example: 'keeper dead-letters list --json',
      options: [['--limit <n>', 'how many (default 50)'], DATABASE],
      load: async () => (await loadDeadLetters()).list,
    },
    {
      usage: 'replay <id>',
      summary: 'Have one made again, or `all`.',
      example: 'keeper dead-letters replay all',
      options: [DATABASE],
      load: async () => (await loadDeadLetters()).replay,
    },
    {
      usage: 'drop <id>',
      summary: 'Forget one, or `all`.',
      example: 'keeper dead-letters drop 1-1800000000',
      options: [DATABASE],
      load: async () => (await loadDeadLetters()).drop,
    },
  ],
}

export const keeper: Group = {
  usage: 'keeper',
  summary: 'Execute triggers for a reward.',
  example: 'keeper start',
  commands: [
    {
      usage: 'start',
      summary: 'Run triggers that repay their gas, and close rentals that are over, until stopped.',
      example: 'keeper start --webhook-port 4008',
      options: [
        ['--webhook-port <port>', 'take signed deliveries by HTTP on this port (default 4008)'],
        ['--host <address>', 'address that it listens on (default 127.0.0.1)'],
        ['--no-webhooks', 'take no deliveries'],
        ['--local-agents', 'call agents on this machine too, by HTTP; on the local chain alone'],
        ['--no-sessions', 'leave rentals alone'],
        [
          '--top-ups <accounts>',
          'make the top-ups that these accounts (commas between, or `all`) set in their ledger, at your own expense',
        ],
        ['--collateral', 'bring Intel’s newest collateral on chain, from JEJU_PCCS_URL or Intel'],
        DATABASE,
        [
          '--lease <seconds>',
          'with --database: how long others leave to this keeper what it works on (default 30)',
        ],
        ['--metrics-port <port>', 'serve /metrics and /health on this port of 127.0.0.1'],
        ['--unpaid', 'run triggers that nobody sponsors too, at your own expense'],
        ['--log-json', 'log JSON lines'],
      ],
      load: async () => (await import('./commands/keeper.ts')).startKeeper,
    },
    webhook,
    deadLetters,
  ],
}
