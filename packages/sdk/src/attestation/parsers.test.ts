import { describe, expect, test } from 'vitest'
import { crl } from './Crl.ts'
import * as Der from './Der.ts'
import { parse } from './Json.ts'
import * as Pem from './Pem.ts'
import { quote } from './Quote.ts'
import { RefusedError } from './Refusal.ts'
import { snpReport } from './SnpReport.ts'
import { spdm } from './Spdm.ts'
import { certificate } from './X509.ts'
import { canonical, xml } from './Xml.ts'

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** Each parser, with an alphabet that leads it astray more often than any byte would. */
const PARSERS: readonly {
  name: string
  alphabet: readonly number[]
  run(bytes: Uint8Array<ArrayBuffer>): unknown
}[] = [
  {
    alphabet: [0x30, 0x30, 0x31, 0x02, 0x03, 0x06, 0x17, 0x80, 0x81, 0x82, 0xa0, 0xff, 0, 1, 5],
    name: 'certificate',
    run: (bytes) => certificate(bytes, 'fuzz'),
  },
  {
    alphabet: [0x30, 0x30, 0x30, 0x02, 0x17, 0x80, 0x84, 0, 1, 2, 3],
    name: 'revocation list',
    run: (bytes) => crl(bytes, 'fuzz'),
  },
  {
    alphabet: [...'[]{}",:0123e-.\\u truefalsn'].map((char) => char.charCodeAt(0)),
    name: 'JSON',
    run: (bytes) => parse(text(bytes), 'fuzz').at('a').list(),
  },
  {
    alphabet: [...'-----BEGIN CERTIFICATE-----\r\nMA=+/'].map((char) => char.charCodeAt(0)),
    name: 'PEM',
    run: (bytes) => Pem.certificates(text(bytes), 'fuzz'),
  },
  {
    alphabet: [...'<></a b="c"xmlns:&;lt\'! '].map((char) => char.charCodeAt(0)),
    name: 'XML',
    run: (bytes) => canonical(xml(text(bytes), 'fuzz')),
  },
  { alphabet: [0x11, 0xe0, 1, 0xff, 0, 0x60, 2, 3, 48, 51], name: 'SPDM', run: spdm },
  { alphabet: [3, 4, 5, 0, 2, 0x81, 6, 0xff], name: 'quote', run: quote },
  { alphabet: [0, 1, 2, 3, 5, 0xff], name: 'SNP report', run: snpReport },
]

describe.each(PARSERS)('a $name of random bytes', ({ alphabet, run }) => {
  test('is refused with a reason, in no time', () => {
    const random = numbers(11)
    const started = performance.now()
    for (let round = 0; round < 3000; round++) {
      const length = random() % 600
      const bytes = Uint8Array.from({ length }, () =>
        random() % 4 === 0 ? random() & 0xff : (alphabet[random() % alphabet.length] ?? 0),
      )
      refused(() => run(bytes))
    }
    expect((performance.now() - started) / 3000).toBeLessThan(5)
  })
})

describe('input that is large and hostile takes time in proportion to its length', () => {
  const many = (text: string, times: number): string => text.repeat(times)
  const bytes = (length: number, at: (index: number) => number): Uint8Array<ArrayBuffer> =>
    Uint8Array.from({ length }, (_, index) => at(index))

  test.each([
    [
      'DER of headers only',
      () =>
        certificate(
          bytes(65_535, () => 0x30),
          'x',
        ),
    ],
    [
      'a revocation list of empty entries',
      () =>
        crl(
          bytes(1_000_000, (index) => (index % 2 ? 0 : 0x30)),
          'x',
        ),
    ],
    ['deep JSON', () => parse(many('[', 1_000_000), 'x')],
    ['long JSON', () => parse(many('[', 2_000_000), 'x')],
    ['JSON of digits', () => parse(many('9', 1_000_000), 'x').count()],
    ['deep XML', () => xml(many('<a>', 80_000), 'x')],
    [
      'XML of attributes',
      () => xml(`<a${Array.from({ length: 20_000 }, (_, index) => ` a${index}="b"`).join('')}`, 'x'),
    ],
    [
      'XML of namespaces',
      () => xml(`<a>${Array.from({ length: 5000 }, (_, i) => `<b xmlns:p${i}="q"/>`).join('')}<`, 'x'),
    ],
    [
      'XML that declares without end',
      () => xml(`<a${Array.from({ length: 9000 }, (_, i) => ` xmlns:p${i}="q"`).join('')}>`, 'x'),
    ],
    ['XML of ampersands', () => xml(`<a>${many('&', 250_000)}</a>`, 'x')],
    ['PEM of white space', () => Pem.certificates(many('\n', 65_000), 'x')],
    ['PEM without an end', () => Pem.certificates(`-----BEGIN CERTIFICATE-----\n${many('\n', 65_000)}`, 'x')],
    [
      'PEM of nothing',
      () => Pem.certificates(many('-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n', 1100), 'x'),
    ],
    ['SPDM of empty measurements', () => spdm(bytes(65_536, (index) => [0x11, 0xe0, 1, 0xff][index] ?? 0))],
  ])('%s', (_, run) => {
    const started = performance.now()
    refused(run)
    expect(performance.now() - started).toBeLessThan(1500)
  })
})

describe('DER', () => {
  const der = (...bytes: readonly number[]): Der.Element => Der.decode(Uint8Array.from(bytes), 'x')

  test('reads shortest forms', () => {
    expect(Der.small(der(2, 2, 0, 0x80), 'x')).toBe(128)
    expect(Der.oid(der(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2), 'x')).toBe('1.2.840.10045.4.3.2')
    expect(Der.oid(der(6, 6, 0x67, 0x81, 0x05, 5, 4, 1), 'x')).toBe('2.23.133.5.4.1')
    expect(Der.time(der(0x17, 13, ...ascii('250619100035Z')), 'x')).toBe(1750327235n)
    expect(Der.time(der(0x18, 15, ...ascii('99991231235959Z')), 'x')).toBe(253402300799n)
  })

  test.each([
    ['a length that a shorter form could say', [4, 0x81, 1, 0]],
    ['an indefinite length', [0x30, 0x80, 0, 0]],
    ['a length beyond the end', [4, 5, 0]],
    ['bytes after the end', [4, 0, 0]],
    ['a high tag', [0x1f, 0x81, 1, 0]],
    ['an empty integer', [2, 0]],
    ['an integer with a zero too many', [2, 2, 0, 1]],
    ['a negative integer', [2, 1, 0x80]],
    ['an integer with a sign too many', [2, 2, 0xff, 0x80]],
  ])('refuses %s', (_, bytes) => {
    expect(() => Der.unsigned(der(...bytes), 'x')).toThrow(RefusedError)
  })

  test.each(['250631100035Z', '2506191000Z', '250619100035+0000', '250619256035Z'])(
    'refuses the time %s',
    (time) => {
      expect(() => Der.time(der(0x17, time.length, ...ascii(time)), 'x')).toThrow(RefusedError)
    },
  )
})

describe('XML', () => {
  test('is made canonical as Canonical XML 1.1 says', () => {
    const document = `<a:r   z='1' xmlns:a="urn:a" b="x&amp;&quot;&#9;"\n xmlns="urn:d"><c xmlns="urn:d" a:y="2" x="1"/>&gt;\r\n</a:r>`
    expect(() => xml(document, 'x')).toThrow(RefusedError)
    expect(canonical(xml(document.replace('&#9;', '\t'), 'x'))).toBe(
      '<a:r xmlns="urn:d" xmlns:a="urn:a" b="x&amp;&quot; " z="1"><c x="1" a:y="2"></c>&gt;\n</a:r>',
    )
  })

  test.each([
    '<!DOCTYPE a><a/>',
    '<?xml version="1.0"?><a/>',
    '<a><!-- --></a>',
    '<a><![CDATA[]]></a>',
    '<a b="1" b="2"/>',
    '<p:a/>',
    '<a/><b/>',
    '<a>&x;</a>',
    '<a xml:lang="en"/>',
    '<a></b>',
  ])('refuses %s', (document) => {
    expect(() => xml(document, 'x')).toThrow(RefusedError)
  })
})

function ascii(value: string): number[] {
  return [...value].map((char) => char.charCodeAt(0))
}

/** Anything but an answer or a refusal is a bug. */
function refused(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
  }
}

function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
