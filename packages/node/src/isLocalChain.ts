const LOCAL_CHAIN = 31_337

/** Whether a chain is a development chain, by anvil's id: its keys are public, its money is play, and its clock is its users' own. */
export function isLocalChain(chainId: number | undefined): boolean {
  return chainId === LOCAL_CHAIN
}
