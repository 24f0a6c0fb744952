import { Inference } from '@jejunetwork/sdk'
import { createLog, type Log } from '../../log.ts'
import { eth } from '../../money.ts'
import { baseUrl } from '../../proxy/baseUrl.ts'
import { modelsAt, providers } from '../../proxy/findProvider.ts'
import { startProxy } from '../../proxy/proxy.ts'
import { visible } from '../../visible.ts'
import { connect, type Market } from '../connect.ts'
import type { Context, Input, Run } from '../context.ts'
import { assertFree } from '../dev/ports.ts'
import { TryLaterError, UsageError } from '../errors.ts'
import { ether, port, whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { table } from '../output.ts'
import { providerOf } from '../providerOf.ts'
import { sessionKey } from '../sessionKey.ts'
import { readDeltas } from './readDeltas.ts'

export const models: Run = async ({ config, output }) => {
  const market = await connect(config)
  const offers = await output.during('Asking the providers', Array.fromAsync(offersOn(market)))
  const rows = offers.map(({ inputPrice, model, outputPrice, providerId }) => [
    model,
    String(providerId),
    eth(inputPrice),
    eth(outputPrice),
  ])
  const text = table(['MODEL', 'PROVIDER', 'PER MILLION TOKENS IN', 'OUT'], rows)
  return { data: offers, text: offers.length === 0 ? 'Nobody serves a model here yet.' : text }
}

/** An OpenAI server on this machine, until interrupted. */
export const proxy: Run = async (context, input) => {
  const { output, signal } = context
  const at = port('--port', input.options['port'] ?? '8007')
  const market = await connect(context.config)
  await assertFree(at, { option: '--port', what: 'the proxy' })
  const log = createLog({ level: 'warn', pretty: true })
  const { close, url } = await openProxy(context, { input, log, market, port: at })
  output.say(`OpenAI clients: set the base URL to ${url}/v1; any API key does. Ctrl-C ends it.`)
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await close()
  return { exitCode: 0 }
}

/** One question, answered on stdout as the words arrive. */
export const chat: Run = async (context, input) => {
  const { json, output, signal } = context
  const content = input.args.join(' ')
  const { maxTokens } = input.options
  const maximum = maxTokens === undefined ? {} : { max_tokens: Number(whole('--max-tokens', maxTokens)) }
  const market = await connect(context.config)
  const model = await choose(market, input.options['model'])
  // What fails is told once, by this command's own error.
  const log = createLog({ level: 'silent' })
  const { close, url } = await openProxy(context, { input, log, market, port: 0 })
  try {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      body: JSON.stringify({
        messages: [{ content, role: 'user' }],
        model,
        stream: true,
        stream_options: { include_usage: true },
        ...maximum,
      }),
      headers: { 'content-type': 'application/json' },
      method: 'POST',
      signal,
    })
    if (!answer.ok || !answer.body) throw await refusal(answer)
    const { text, usage } = await readDeltas(answer.body, (piece) => {
      if (!json) process.stdout.write(process.stdout.isTTY ? visible(piece) : piece)
    })
    if (!json) process.stdout.write('\n')
    if (!json) output.say(`${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out, from ${model}.`)
    return json ? { data: { model, text, usage }, text } : { exitCode: 0 }
  } finally {
    await close()
  }
}

async function openProxy(
  { config, output, signal }: Context,
  { input, log, market, port: at }: { input: Input; log: Log; market: Market; port: number },
): Promise<startProxy.Proxy> {
  const { account, from } = await unlock(config, { market, role: 'user' })
  const { client, deployment, isLocal } = market
  const { maxPerRequest } = input.options
  const providerId =
    input.options['provider'] === undefined ? undefined : whole('--provider', input.options['provider'])
  if (providerId !== undefined) await providerOf(market, providerId)
  const deposit = ether('--deposit', input.options['deposit'] ?? '0.01')
  const session = sessionKey(config, { chainId: deployment.chainId, owner: account.address })
  if (isLocal) output.say(`Paying from ${from}; at most ${eth(deposit)} goes into a channel with a provider.`)
  else await output.confirm(`Put ${eth(deposit)} of ${from} into a channel with each provider that is used?`)
  return startProxy({
    client,
    deployment,
    deposit,
    log,
    port: at,
    providerId,
    session,
    signal,
    wallet: walletOn(market, account),
    ...(maxPerRequest === undefined ? {} : { maxPerRequest: ether('--max-per-request', maxPerRequest) }),
  })
}

type Offered = { model: string; providerId: bigint; inputPrice: bigint; outputPrice: bigint }

/** What active providers serve now and have posted a price for. */
async function* offersOn({ client, deployment }: Market): AsyncGenerator<Offered> {
  for await (const { active, endpoint, owner, providerId } of providers(client, { deployment })) {
    const url = active ? baseUrl(endpoint, deployment) : undefined
    const served = url ? await modelsAt(url) : []
    for (const { id } of served) {
      const price = await Inference.modelOf(client, { deployment, model: id, provider: owner })
      if (price) yield { inputPrice: price.inputPrice, model: id, outputPrice: price.outputPrice, providerId }
    }
  }
}

async function choose(market: Market, model: unknown): Promise<string> {
  if (typeof model === 'string') return model
  for await (const offer of offersOn(market)) return offer.model
  throw new UsageError('Nobody serves a model here; `jeju-compute provider start` serves one.')
}

async function refusal(answer: Response): Promise<Error> {
  const { error } = (await answer.json().catch(() => ({}))) as { error?: { message?: string } }
  const sentence = error?.message ?? `The provider answered ${answer.status}.`
  return answer.status === 429 || answer.status >= 500
    ? new TryLaterError(sentence)
    : new UsageError(sentence)
}
