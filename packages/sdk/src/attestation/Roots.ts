/**
 * The only keys that are trusted: SHA-256 hashes of the vendors' root subject public key infos.
 * A root certificate may be renewed under the same key, so keys are pinned and not certificates.
 */

/** Intel SGX Root CA. */
export const INTEL_ROOT = 'a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e'

/** AMD Root Keys, one per generation of EPYC. */
export const AMD_ROOTS: Readonly<Record<'genoa' | 'milan' | 'turin', string>> = {
  genoa: '429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831',
  milan: '9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9',
  turin: '4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08',
}

/** NVIDIA Device Identity CA. */
export const NVIDIA_DEVICE_ROOT = 'a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4'

/** NVIDIA CoRIM signing Root CA, for reference integrity manifests. */
export const NVIDIA_RIM_ROOT = 'dec1dc316477aa851eebdf51327ae9f864bc8d89254657ed1e7eb9168af1e1a3'
