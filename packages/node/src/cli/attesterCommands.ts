import type { Group } from './commands.ts'

const load = async () => import('./commands/attester.ts')

export const attester: Group = {
  usage: 'attester',
  summary: 'Vouch for machines that the chain cannot verify itself, with a stake.',
  example: 'attester sign --provider 1 --quorum 0x…',
  commands: [
    {
      usage: 'join',
      summary: 'Stake 1 ETH and become an attester.',
      example: 'attester join',
      options: [['--stake <eth>', 'how much to add to the stake first (default: what is missing of 1)']],
      asks: true,
      load: async () => (await load()).join,
    },
    {
      usage: 'resign',
      summary: 'Be no attester any more; `ledger unstake` then takes the stake back.',
      example: 'attester resign',
      load: async () => (await load()).resign,
    },
    {
      usage: 'quorum <members>',
      summary: 'Make a quorum of these addresses, with commas between them.',
      example: 'attester quorum 0x…,0x…,0x… --threshold 2',
      options: [['--threshold <n>', 'how many of them it takes (default: all)']],
      load: async () => (await load()).quorum,
    },
    {
      usage: 'sign',
      summary:
        'Verify a SEV-SNP machine or its GPUs and, if they are what they say, sign a verdict, which is printed.',
      example: 'attester sign --provider 1 --quorum 0x… > verdict.json',
      options: [
        ['--provider <id>', 'whose machine it is'],
        ['--evidence <file>', "the machine's evidence as JSON (default: what its node shows now)"],
        ['--quorum <id>', 'for which quorum'],
        ['--vcek <file>', "the certificate of the chip's key, where the evidence lacks it"],
        ['--chain <file>', "AMD's certificates above it, ASK then ARK"],
        ['--crl <file>', "AMD's list of revoked authorities (default: what AMD says now)"],
        ['--gpus', 'judge the NVIDIA GPUs and switches in the machine instead'],
        ['--rim <files>', "NVIDIA's manifests of each driver and firmware of theirs, with commas between"],
        ['--nras <file>', "instead: what NVIDIA's attestation service said of them"],
        ['--nras-keys <file>', "that service's keys, from its /.well-known/jwks.json"],
        ['--issued-at <seconds>', 'when another member signed the same verdict (default: now)'],
      ],
      load: async () => (await load()).sign,
    },
    {
      usage: 'submit <files...>',
      summary: "Put a verdict that enough members signed on chain, with the provider's key.",
      example: 'attester submit verdict-1.json verdict-2.json',
      load: async () => (await load()).submit,
    },
    {
      usage: 'refute <digest>',
      summary: 'Have the chain recompute a verdict; if it is false, its signers lose their stake.',
      example: 'attester refute 0x…',
      load: async () => (await load()).refute,
    },
  ],
}
