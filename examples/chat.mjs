// Asks the local market's model through `jeju-compute proxy`, with the ordinary OpenAI client.
//   npm run example examples/chat.mjs "Once upon a time"
import OpenAI from 'openai'

const openai = new OpenAI({ apiKey: 'none', baseURL: 'http://127.0.0.1:8007/v1', maxRetries: 0 })
try {
  const stream = await openai.chat.completions.create({
    messages: [{ content: process.argv[2] ?? 'Hello', role: 'user' }],
    model: 'jeju-demo-36m',
    stream: true,
  })
  for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
  process.stdout.write('\n')
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error
  const isDown = error instanceof OpenAI.APIConnectionError
  console.error(
    isDown
      ? `No proxy answers at ${openai.baseURL}; start one with \`./jeju-compute proxy\`.`
      : error.message,
  )
  process.exitCode = 1
}
