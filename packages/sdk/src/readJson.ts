const LONGEST = 1 << 20

/** What a stranger answers, as JSON; undefined if it is none, or longer than a stranger's answer may be. */
export async function readJson(response: Response): Promise<unknown> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done) return JSON.parse(text)
      text += decoder.decode(value, { stream: true })
      if (text.length > LONGEST) throw new RangeError('The answer is too long.')
    }
  } catch {
    await reader?.cancel().catch(() => {})
    return undefined
  }
}
