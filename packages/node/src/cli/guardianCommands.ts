import type { Group } from './commands.ts'

const load = async () => import('./commands/guardian.ts')

export const guardian: Group = {
  usage: 'guardian',
  summary: 'Decide disputed pay, and warn of providers.',
  example: 'guardian cases',
  commands: [
    {
      usage: 'join',
      summary: 'Stake 1 ETH and become a guardian.',
      example: 'guardian join',
      asks: true,
      load: async () => (await load()).join,
    },
    {
      usage: 'resign',
      summary: 'Be no guardian any more.',
      example: 'guardian resign',
      load: async () => (await load()).resign,
    },
    {
      usage: 'withdraw [eth]',
      summary: 'Ask for stake back, and take it seven days later.',
      example: 'guardian withdraw',
      asks: true,
      load: async () => (await import('./commands/withdrawStake.ts')).withdrawAsGuardian,
    },
    {
      usage: 'cases',
      summary: 'List the disputes that are open.',
      example: 'guardian cases --json',
      load: async () => (await load()).cases,
    },
    {
      usage: 'vote <session> <for|against>',
      summary: "Vote for a disputed session's provider, or against it.",
      example: 'guardian vote 1 against',
      load: async () => (await load()).vote,
    },
    {
      usage: 'resolve <session>',
      summary: 'End a dispute whose three days are over.',
      example: 'guardian resolve 1',
      load: async () => (await load()).resolve,
    },
    {
      usage: 'share <session>',
      summary: 'Take your share of the bond of a dispute that you voted on.',
      example: 'guardian share 1',
      load: async () => (await load()).share,
    },
    {
      usage: 'flag <provider> [reason...]',
      summary:
        'Ask for a vote on flagging a provider, or on taking its flag away; without a reason, show it.',
      example: 'guardian flag 1 "sells a GPU that it does not have"',
      load: async () => (await load()).flag,
    },
    {
      usage: 'flag-vote <provider> <yes|no>',
      summary: 'Vote on what is asked about a flag.',
      example: 'guardian flag-vote 1 yes',
      load: async () => (await load()).flagVote,
    },
    {
      usage: 'flag-resolve <provider>',
      summary: 'End a vote on a flag whose three days are over.',
      example: 'guardian flag-resolve 1',
      load: async () => (await load()).flagResolve,
    },
  ],
}
