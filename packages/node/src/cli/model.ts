import { join } from 'node:path'
import { parseEther } from 'viem'
import type { InferenceConfig } from '../provider/inference/inference.ts'

/** The model that every node can serve, at prices that a demonstration can afford. */
export function embeddedModel(): InferenceConfig {
  return {
    inputPrice: parseEther('0.001'),
    modelName: 'jeju-demo-36m',
    modelPath: join(import.meta.dirname, '../../models/jeju-demo-36m-q8_0.gguf'),
    outputPrice: parseEther('0.002'),
    window: { ms: 100, tokens: 16 },
  }
}
