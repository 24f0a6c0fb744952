import type { Group } from './commands.ts'

export const HTTP_PORT = ['--port <port>', 'port of the HTTP API (default 4007)'] as const
const ENDPOINT = [
  '--endpoint <url>',
  'how others reach the HTTP API (default as registered, else http://127.0.0.1 and the port)',
] as const
const PRICE = [
  '--price <eth>',
  'price of an hour of this machine in ETH (default as registered, else 0.01)',
] as const
const STAKE = ['--stake <eth>', 'stake to register with, in ETH (default 0.1)'] as const

export const provider: Group = {
  usage: 'provider',
  summary: 'Offer this machine.',
  example: 'provider start --price 0.01',
  commands: [
    {
      usage: 'start',
      summary: 'Run the node: register if needed, serve rentals and inference until stopped.',
      example: 'provider start --price 0.01 --endpoint https://mynode.example.com',
      options: [
        HTTP_PORT,
        ENDPOINT,
        PRICE,
        STAKE,
        ['--host <address>', 'address that the HTTP API listens on (default 127.0.0.1)'],
        ['--ssh-host <address>', 'address that the SSH gateway listens on (default 127.0.0.1)'],
        ['--ssh-port <port>', 'port of the SSH gateway (default 2222)'],
        ['--no-inference', 'serve rentals only'],
        ['--tls-certificate <file>', 'certificate (PEM) of the endpoint, to have it attested too'],
        ['--log-json', 'log JSON lines'],
      ],
      asks: true,
      load: async () => (await import('./commands/provider.ts')).startProvider,
    },
    {
      usage: 'register',
      summary: 'Put this machine on the market without serving yet.',
      example: 'provider register --endpoint https://mynode.example.com --price 0.01',
      options: [HTTP_PORT, ENDPOINT, PRICE, STAKE],
      asks: true,
      load: async () => (await import('./commands/provider.ts')).registerProvider,
    },
    {
      usage: 'status',
      summary: 'Show your registration, stake, sessions and earnings.',
      example: 'provider status',
      load: async () => (await import('./commands/provider.ts')).providerStatus,
    },
    {
      usage: 'doctor',
      summary: 'Look at your node as a renter does, and say what mends what is wrong.',
      example: 'provider doctor',
      load: async () => (await import('./commands/doctor.ts')).doctor,
    },
    {
      usage: 'pause',
      summary: 'Take no new sessions; those that run go on.',
      example: 'provider pause',
      load: async () => (await import('./commands/providerTerms.ts')).pause,
    },
    {
      usage: 'resume',
      summary: 'Take new sessions again.',
      example: 'provider resume',
      load: async () => (await import('./commands/providerTerms.ts')).resume,
    },
    {
      usage: 'price <eth>',
      summary: 'Set what an hour costs; sessions that run keep their price.',
      example: 'provider price 0.02',
      load: async () => (await import('./commands/providerTerms.ts')).price,
    },
    {
      usage: 'endpoint <url>',
      summary: 'Say where the node is reached.',
      example: 'provider endpoint https://mynode.example.com',
      load: async () => (await import('./commands/providerTerms.ts')).endpoint,
    },
    {
      usage: 'hardware',
      summary: "Put this machine's hardware on chain as it is now.",
      example: 'provider hardware',
      load: async () => (await import('./commands/providerTerms.ts')).hardware,
    },
    {
      usage: 'operator <address>',
      summary: 'Name a key that runs the node and moves no money, or none.',
      example: 'provider operator 0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
      load: async () => (await import('./commands/providerTerms.ts')).operator,
    },
    {
      usage: 'unregister',
      summary: 'Leave the market; possible once all sessions are paid out.',
      example: 'provider unregister',
      asks: true,
      load: async () => (await import('./commands/providerTerms.ts')).unregister,
    },
    {
      usage: 'withdraw [eth]',
      summary: 'Ask for stake back, and take it seven days later.',
      example: 'provider withdraw',
      asks: true,
      load: async () => (await import('./commands/withdrawStake.ts')).withdrawAsProvider,
    },
  ],
}
