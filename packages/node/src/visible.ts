const COMMANDS = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** A stranger's words, such as a provider's, without what a terminal would obey: control characters and turns of direction. */
export function visible(text: string): string {
  return text.replace(COMMANDS, '\ufffd')
}
