/** Tokens of one request. */
export type Usage = { inputTokens: number; outputTokens: number }

/** Wei per 1,000,000 tokens. */
export type Price = { inputPrice: bigint; outputPrice: bigint }

/**
 * What usage costs, in wei. Rounded down once per request, so a request may cost up to 1 wei less than tokens times price,
 * never more; with prices in whole wei per token it is exact. Provider, payer and contract round alike.
 */
export function costOf({ inputTokens, outputTokens }: Usage, { inputPrice, outputPrice }: Price): bigint {
  return (BigInt(inputTokens) * inputPrice + BigInt(outputTokens) * outputPrice) / 1_000_000n
}
